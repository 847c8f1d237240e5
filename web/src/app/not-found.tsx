import { Anchor, Text } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { Page } from "../ui/page";

/** An address at which there is nothing. */
export function NotFound() {
  return (
    <Page title="Nothing here">
      <Text>
        There is no page at this address. Check it, or{" "}
        <Anchor component={Link} to="/" underline="always">
          go to the models
        </Anchor>
        .
      </Text>
    </Page>
  );
}

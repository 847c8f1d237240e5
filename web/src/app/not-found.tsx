import { Anchor, Container } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { Empty } from "../ui/empty";

export function NotFound() {
  return (
    <Container component="main" size="sm" py="xl">
      <Empty title="There is nothing at this address">
        <Anchor component={Link} to="/">
          Go to the models
        </Anchor>
      </Empty>
    </Container>
  );
}

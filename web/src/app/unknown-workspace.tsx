import { Anchor, List, Stack, Text } from "@mantine/core";
import { useSuspenseQuery } from "@tanstack/react-query";
import { type ErrorComponentProps, Link, useParams } from "@tanstack/react-router";
import { asProblem } from "../api/problem";
import { workspaces } from "../api/queries";
import { Page } from "../ui/page";
import { RouteFailure } from "./route-failure";

/** What cannot be shown of a workspace; when that is because there is none, the others to choose from. */
export function WorkspaceFailure(props: ErrorComponentProps) {
  const problem = asProblem(props.error);
  return problem.code === "workspace_not_found" ? <UnknownWorkspace /> : <RouteFailure {...props} />;
}

function UnknownWorkspace() {
  const { workspace } = useParams({ strict: false });
  const { data } = useSuspenseQuery(workspaces);
  return (
    <Page title="No such workspace">
      <Stack gap="sm" maw="60ch">
        <Text>
          There is no workspace{" "}
          <Text span fw={600}>
            {workspace}
          </Text>{" "}
          that you may see. It may have been deleted, or you are not among its members: an administrator can
          add you.
        </Text>
        {data.length > 0 && <Text>You may open:</Text>}
        <List spacing={2}>
          {data.map((one) => (
            <List.Item key={one.workspace_id}>
              <Anchor component={Link} to="/w/$workspace/models" params={{ workspace: one.name } as never}>
                {one.name}
              </Anchor>
            </List.Item>
          ))}
        </List>
      </Stack>
    </Page>
  );
}

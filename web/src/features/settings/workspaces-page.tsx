import { Empty } from "../../ui/empty";
import { Page } from "../../ui/page";

export function WorkspacesPage() {
  return (
    <Page title="Workspaces">
      <Empty title="Soon" />
    </Page>
  );
}

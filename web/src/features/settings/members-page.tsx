import { Empty } from "../../ui/empty";
import { Page } from "../../ui/page";

export function MembersPage() {
  return (
    <Page title="People">
      <Empty title="Soon" />
    </Page>
  );
}

export function WorkspaceMembersPage() {
  return <MembersPage />;
}

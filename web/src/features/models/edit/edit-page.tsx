import { Empty } from "../../../ui/empty";
import { Page } from "../../../ui/page";

export function NewPage() {
  return (
    <Page title="New model">
      <Empty title="Soon" />
    </Page>
  );
}

export function EditPage() {
  return <NewPage />;
}

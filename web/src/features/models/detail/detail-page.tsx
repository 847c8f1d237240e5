import { Empty } from "../../../ui/empty";
import { Page } from "../../../ui/page";

export function DetailPage() {
  return (
    <Page title="Model">
      <Empty title="Soon" />
    </Page>
  );
}

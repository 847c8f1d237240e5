import { Empty } from "../../ui/empty";
import { Page } from "../../ui/page";

export function TokensPage() {
  return (
    <Page title="API tokens">
      <Empty title="Soon" />
    </Page>
  );
}

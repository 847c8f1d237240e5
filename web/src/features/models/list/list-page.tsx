import { Empty } from "../../../ui/empty";
import { Page } from "../../../ui/page";

export function ListPage() {
  return (
    <Page title="Models">
      <Empty title="Soon" />
    </Page>
  );
}

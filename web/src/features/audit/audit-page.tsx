import { Empty } from "../../ui/empty";
import { Page } from "../../ui/page";

export function AuditPage() {
  return (
    <Page title="Audit">
      <Empty title="Soon" />
    </Page>
  );
}

import { Empty } from "../../ui/empty";
import { Page } from "../../ui/page";

export function SecretsPage() {
  return (
    <Page title="Secrets">
      <Empty title="Soon" />
    </Page>
  );
}

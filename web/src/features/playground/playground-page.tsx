import { Empty } from "../../ui/empty";
import { Page } from "../../ui/page";

export function PlaygroundPage() {
  return (
    <Page title="Playground">
      <Empty title="Soon" />
    </Page>
  );
}

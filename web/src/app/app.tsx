import { MantineProvider } from "@mantine/core";
import { QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { setNonce } from "get-nonce";
import { newQueryClient } from "../api/queries";
import { cspNonce } from "../ui/csp";
import { router } from "./routes";
import { followSignOut } from "./session";
import { cssVariables, theme } from "./theme";

// The dialogs' scroll lock makes a style of its own.
setNonce(cspNonce());
followSignOut();

const queries = newQueryClient(() => {
  const { pathname, href } = router.state.location;
  if (pathname !== "/sign-in") {
    void router.navigate({ to: "/sign-in", search: { next: href }, ignoreBlocker: true });
  }
});

/** The whole page. */
export function App() {
  return (
    <MantineProvider
      theme={theme}
      cssVariablesResolver={cssVariables}
      defaultColorScheme="auto"
      getStyleNonce={cspNonce}
    >
      <QueryClientProvider client={queries}>
        <RouterProvider router={router} context={{ queries }} />
      </QueryClientProvider>
    </MantineProvider>
  );
}

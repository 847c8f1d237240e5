/** An address of this page, such as `/w/team/models?q=gpt`; null for one that leads elsewhere, or to the sign-in again. */
export function ownPath(address: unknown, origin: string): string | null {
  if (typeof address !== "string" || !address.startsWith("/")) return null;
  const url = URL.parse(address, origin);
  // A browser reads `/.//elsewhere` as `//elsewhere`, which names a host.
  if (!url || url.origin !== origin || url.pathname.startsWith("//")) return null;
  return url.pathname === "/sign-in" ? null : url.pathname + url.search + url.hash;
}

/** The nonce that styles made by the page carry: its Content-Security-Policy allows no others. */
export function cspNonce(): string {
  return document.querySelector<HTMLMetaElement>('meta[name="csp-nonce"]')?.content ?? "";
}

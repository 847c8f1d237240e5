const told = document.querySelector('meta[name="haymow-prefix"]')?.getAttribute("content") ?? "";

/** What stands before every address of haymow's on its host, such as "/haymow"; "" for nothing. */
export const prefix = told.startsWith("/") ? told : "";

/** haymow's own address, without a slash at its end. */
export const home = window.location.origin + prefix;

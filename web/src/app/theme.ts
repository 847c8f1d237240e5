import { type CSSVariablesResolver, createTheme, type MantineColorsTuple } from "@mantine/core";

/** The one accent: light enough on dark, dark enough for white words on it (4.5:1 from shade 6). */
const meadow: MantineColorsTuple = [
  "#e9f7f1",
  "#d3ebe1",
  "#a5d7c2",
  "#74c2a2",
  "#4db187",
  "#34a675",
  "#0f7a5a",
  "#0c694d",
  "#085941",
  "#034834",
];

/** What went wrong or is lost, and what wants attention: each with words on it, and as words, in 4.5:1 from shade 6. */
const red: MantineColorsTuple = [
  "#fff5f5",
  "#ffe3e3",
  "#ffc9c9",
  "#ffa8a8",
  "#ff8787",
  "#e85c5c",
  "#c22525",
  "#a81f1f",
  "#8f1a1a",
  "#751515",
];
const amber: MantineColorsTuple = [
  "#fff8e6",
  "#ffefc7",
  "#ffdf94",
  "#ffcc5c",
  "#f2b233",
  "#c98a10",
  "#8a5a00",
  "#754c00",
  "#613f00",
  "#4d3200",
];

export const theme = createTheme({
  primaryColor: "meadow",
  primaryShade: { light: 6, dark: 6 },
  // The usual names mean these three: no screen brings a colour of its own.
  colors: { meadow, green: meadow, teal: meadow, red, orange: amber, yellow: amber },
  fontFamily: "system-ui, -apple-system, 'Segoe UI', 'DejaVu Sans', sans-serif",
  fontFamilyMonospace: "ui-monospace, 'SF Mono', Menlo, 'DejaVu Sans Mono', monospace",
  headings: { fontWeight: "600", sizes: { h1: { fontSize: "1.375rem" }, h2: { fontSize: "1.0625rem" } } },
  // Text is 14 px where nothing is said, and sm a little less: dense, and one size in lists and sentences.
  fontSizes: { xs: "0.75rem", sm: "0.8125rem", md: "0.875rem", lg: "1rem", xl: "1.125rem" },
  lineHeights: { xs: "1.4", sm: "1.45", md: "1.45", lg: "1.5", xl: "1.5" },
  defaultRadius: "sm",
  spacing: { xs: "0.375rem", sm: "0.625rem", md: "1rem", lg: "1.5rem", xl: "2.25rem" },
  cursorType: "pointer",
  respectReducedMotion: true,
  components: {
    Button: { defaultProps: { size: "xs" } },
    TextInput: { defaultProps: { size: "xs" } },
    PasswordInput: { defaultProps: { size: "xs" } },
    NumberInput: { defaultProps: { size: "xs", clampBehavior: "none" } },
    Select: { defaultProps: { size: "xs" } },
    Textarea: { defaultProps: { size: "xs" } },
    NativeSelect: { defaultProps: { size: "xs" } },
    Table: { defaultProps: { fz: "md", verticalSpacing: 6, horizontalSpacing: "sm" } },
    Modal: {
      defaultProps: { transitionProps: { duration: 0 }, closeButtonProps: { "aria-label": "Close" } },
      styles: { title: { fontSize: "1rem", fontWeight: 600 } },
    },
  },
});

/** Words that are quieter or louder than others still have 4.5:1, on the page's grounds and on raised ones. */
export const cssVariables: CSSVariablesResolver = () => ({
  variables: {},
  light: {
    "--mantine-color-dimmed": "#5c636a",
    "--mantine-color-placeholder": "#6a7178",
    "--mantine-color-error": "var(--mantine-color-red-6)",
    "--mantine-color-default-border": "#d4d8dd",
  },
  dark: {
    "--mantine-color-dimmed": "#a3a3a3",
    "--mantine-color-placeholder": "#979797",
    "--mantine-color-error": "var(--mantine-color-red-4)",
  },
});

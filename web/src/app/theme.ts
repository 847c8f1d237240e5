import { createTheme, type MantineColorsTuple } from "@mantine/core";

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

export const theme = createTheme({
  primaryColor: "meadow",
  primaryShade: { light: 6, dark: 6 },
  colors: { meadow },
  fontFamily: "system-ui, -apple-system, 'Segoe UI', 'DejaVu Sans', sans-serif",
  fontFamilyMonospace: "ui-monospace, 'SF Mono', Menlo, 'DejaVu Sans Mono', monospace",
  headings: { fontWeight: "600", sizes: { h1: { fontSize: "1.375rem" }, h2: { fontSize: "1.0625rem" } } },
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
    Modal: { defaultProps: { transitionProps: { duration: 0 } } },
  },
});

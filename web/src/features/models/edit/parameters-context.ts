import { createContext } from "react";

/**
 * The parameters themselves, for fields that know floats: in rjsf's data every number is JavaScript's. Not in rjsf's own
 * context, which comes to its fields one rendering late: what is being typed would be taken for changed from elsewhere.
 */
export const ParametersContext = createContext<{
  parameters: Record<string, unknown>;
  onParameter: (name: string, value: unknown) => void;
}>({ parameters: {}, onParameter: () => undefined });

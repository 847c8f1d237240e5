import { expect, it } from "vitest";
import { neededSecrets } from "./secrets";

it("finds the secrets of a definition wherever they are, the longest name first", () => {
  const secret = (...env_vars: string[]) => ({ type: "env_var", env_vars, strict: true });
  const chat_generator_config = {
    type: "X",
    init_parameters: {
      api_key: secret("KEY", "KEY_2"),
      nested: [{ token: secret("KEY") }],
      model: "env_var",
    },
  };
  expect(neededSecrets({ chat_generator_config })).toEqual(["KEY_2", "KEY"]);
  expect(neededSecrets(null)).toEqual([]);
});

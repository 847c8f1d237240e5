import type { Schemas } from "../../../api/client";
import type { Definition } from "../../../api/definition";

export type GeneratorInfo = Schemas["GeneratorInfo"];
export type Provider = Schemas["Provider"];

/** A new model, before anything is decided. */
export const BLANK: Definition = {
  name: "",
  provider: "",
  chat_generator_config: { type: "", init_parameters: {} },
  generation_kwargs: {},
};

/** The class that a definition names, by its path or its short name; "" when it names none yet. */
export function typeOf(definition: Definition): string {
  const { type } = definition.chat_generator_config;
  return typeof type === "string" ? type : "";
}

/** The parameters of the class; null when there is something else in their place, which only raw text can show. */
export function parametersOf(definition: Definition): Record<string, unknown> | null {
  const { init_parameters: parameters = {} } = definition.chat_generator_config;
  const isObject = typeof parameters === "object" && parameters !== null && !Array.isArray(parameters);
  return isObject ? (parameters as Record<string, unknown>) : null;
}

export function withType(definition: Definition, type: string): Definition {
  return { ...definition, chat_generator_config: { ...definition.chat_generator_config, type } };
}

export function withParameters(definition: Definition, parameters: Record<string, unknown>): Definition {
  return {
    ...definition,
    chat_generator_config: { ...definition.chat_generator_config, init_parameters: parameters },
  };
}

/** The definition for another provider. Its usual generator comes with it, as long as nothing is set up by hand. */
export function withProvider(
  definition: Definition,
  provider: string,
  providers: readonly Provider[],
  generators: readonly GeneratorInfo[],
): Definition {
  const changed = { ...definition, provider };
  const usual = providers.find((one) => one.provider === provider)?.generators[0];
  const generator = generators.find((one) => one.name === usual && one.status === "available");
  const isUntouched = Object.keys(parametersOf(definition) ?? { other: 1 }).length === 0;
  return generator && isUntouched ? withType(changed, generator.type) : changed;
}

/** The generators to choose from: those of the provider first. Refused ones are left out. */
export function choicesOf(provider: Provider | undefined, generators: readonly GeneratorInfo[]) {
  const names = provider?.generators ?? [];
  const option = ({ name, type }: GeneratorInfo) => ({ value: type, label: name });
  const available = generators.filter(({ status }) => status === "available");
  const theirs = available.filter(({ name }) => names.includes(name)).map(option);
  const others = available.filter(({ name }) => !names.includes(name)).map(option);
  if (theirs.length === 0 || !provider) return others;
  return [
    { group: `Of ${provider.provider}`, items: theirs },
    { group: "All others", items: others },
  ];
}

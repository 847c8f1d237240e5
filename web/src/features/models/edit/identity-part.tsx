import { Autocomplete, Select, Stack, Text, TextInput } from "@mantine/core";
import { useSuspenseQuery } from "@tanstack/react-query";
import type { Definition } from "../../../api/definition";
import { generators, providers } from "../../../api/queries";
import { choicesOf, type GeneratorInfo, typeOf, withProvider, withType } from "./configuration";
import type { Placed } from "./faults";

interface Props {
  definition: Definition;
  onChange: (definition: Definition) => void;
  placed: Placed;
}

/** What the model is called, whose it is, and what calls it. */
export function IdentityPart({ definition, onChange, placed }: Props) {
  const { data: known } = useSuspenseQuery(providers);
  const { data: classes } = useSuspenseQuery(generators);
  const type = typeOf(definition);
  const chosen = classes.data.find((one) => one.type === type || one.name === type);
  const provider = known.data.find((one) => one.provider === definition.provider);
  return (
    <Stack gap="sm">
      <TextInput
        label="Name"
        description="What callers ask for. Any text; unique in its workspace."
        required
        value={definition.name}
        error={placed.name.join("\n")}
        onChange={(event) => onChange({ ...definition, name: event.currentTarget.value })}
        data-autofocus
      />
      <Autocomplete
        size="xs"
        label="Provider"
        description="A well-known one, or a short name of your own: lower-case letters, digits, - _ and dots."
        required
        data={known.data.map((one) => one.provider)}
        value={definition.provider}
        error={placed.provider.join("\n")}
        onChange={(name) => onChange(withProvider(definition, name, known.data, classes.data))}
        limit={60}
      />
      <Select
        label="Generator"
        description="Haystack's class that calls the provider. One that speaks OpenAI's protocol also serves your own server."
        required
        searchable
        allowDeselect={false}
        placeholder="Choose a generator"
        data={choicesOf(provider, classes.data)}
        value={chosen?.type ?? null}
        error={placed.type.join("\n")}
        onChange={(next) => next && onChange(withType(definition, next))}
      />
      <About generator={chosen} type={type} />
    </Stack>
  );
}

/** What there is to know of the chosen class before it is set up. */
function About({ generator, type }: { generator: GeneratorInfo | undefined; type: string }) {
  if (!generator) {
    if (type === "") return null;
    return <Text size="sm">haymow does not know {type}: choose another, or look at the raw definition.</Text>;
  }
  if (generator.status === "refused") {
    return (
      <Text size="sm">
        {generator.name} is refused. {generator.reason}
      </Text>
    );
  }
  if (generator.installed) return null;
  return (
    <Text size="sm">
      {generator.package} is not installed in this haymow. The model is saved all the same; it answers once an
      administrator has installed <code>haymow[{generator.package.replace(/-haystack$/, "")}]</code>.
    </Text>
  );
}

import { Skeleton, Stack, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { lazy, Suspense, useMemo } from "react";
import type { ModelScope } from "../../../api/model-changes";
import { generator } from "../../../api/queries";
import { secrets } from "../../../api/secrets";
import { useWorkspace } from "../../../ui/workspace";
import { parametersOf, typeOf, withParameters } from "./configuration";
import { place } from "./faults";
import type { FormContext } from "./form-context";
import { IdentityPart } from "./identity-part";
import { JsonView } from "./raw-text";
import { SchemaPart } from "./schema-part";
import { Section } from "./section";
import { SetupPart } from "./setup-part";
import type { Editing } from "./use-draft";
import { useMayChangeIn } from "./use-may-change";

const YamlView = lazy(() => import("./yaml-view"));

export type View = "form" | "json" | "yaml";

interface Props {
  view: View;
  scope: ModelScope;
  editing: Editing;
  onUnfinished: FormContext["onUnfinished"];
}

/** The one definition, as a form or as text. */
export function DefinitionViews({ view, ...props }: Props) {
  const { editing } = props;
  if (view === "form") return <FormView {...props} />;
  const Raw = view === "json" ? JsonView : YamlView;
  return (
    <Suspense fallback={<Skeleton role="status" height={480} aria-label="Loading" />}>
      <Raw
        definition={editing.definition}
        unfinished={editing.unfinished?.text ?? null}
        onChange={editing.change}
        onUnfinished={(text) => editing.setUnfinished({ view, text })}
      />
    </Suspense>
  );
}

function FormView({ scope, editing, onUnfinished }: Omit<Props, "view">) {
  const { definition, from, change, faults } = editing;
  const context = useFormContext(scope, onUnfinished);
  const known = useKnownParameters(typeOf(definition));
  const placed = useMemo(() => place(faults, definition, known), [faults, definition, known]);
  const parameters = parametersOf(definition);
  return (
    <Stack gap="lg">
      <Section title="Model">
        <IdentityPart definition={definition} onChange={change} placed={placed} />
      </Section>
      <Section title="Set-up" lead="What the generator is made with. What is left out follows the generator.">
        {parameters === null ? (
          <Text size="sm">
            There is something in place of the parameters that no form can show: see the JSON.
          </Text>
        ) : (
          <SetupPart
            type={typeOf(definition)}
            value={parameters}
            from={parametersOf(from) ?? {}}
            onChange={(next) => change(withParameters(definition, next))}
            faults={placed.parameters}
            context={context}
          />
        )}
      </Section>
      <Section
        title="Parameters callers may set"
        isWide
        lead="Each call is held to these. The defaults of calls are the set-up's generation_kwargs."
      >
        <SchemaPart
          schema={definition.generation_kwargs}
          onChange={(next) => change({ ...definition, generation_kwargs: next })}
          onUnfinished={onUnfinished}
          rowFaults={placed.rows}
          faults={placed.schema}
        />
      </Section>
    </Stack>
  );
}

/** The names that the generator's form has fields for. */
export function useKnownParameters(type: string): string[] {
  const { data } = useQuery({ ...generator(type), enabled: type !== "" });
  return useMemo(() => Object.keys((data?.init_parameters.properties as object | undefined) ?? {}), [data]);
}

function useFormContext(scope: ModelScope, onUnfinished: FormContext["onUnfinished"]): FormContext {
  const { workspace_id } = useWorkspace();
  const { data } = useQuery(secrets(workspace_id));
  const mayAddKeys = useMayChangeIn(scope);
  return useMemo(() => {
    // A workspace's own secrets go before the organization's, and an organization's model is not one workspace's.
    const isSeen = ({ origin }: { origin: string }) => scope !== null || origin === "ORGANIZATION";
    const isOwn = ({ origin }: { origin: string }) => Number(origin === "WORKSPACE");
    const seen = data?.secrets.filter(isSeen).sort((one, other) => isOwn(other) - isOwn(one)) ?? null;
    return { scope, secrets: seen, mayAddKeys, onUnfinished };
  }, [scope, data, mayAddKeys, onUnfinished]);
}

import { Anchor, Stack, Text } from "@mantine/core";
import { useState } from "react";
import { JsonInput } from "./json-input";
import { isTabular, type Schema } from "./parameters";
import { ParametersTable } from "./parameters-table";

interface Props {
  schema: Schema;
  onChange: (schema: Schema) => void;
  onUnfinished: (field: string, isUnfinished: boolean) => void;
  rowFaults: Record<string, string[]>;
  faults: string[];
}

/** The parameters callers may set: as a table, and as the JSON Schema that it stands for. */
export function SchemaPart({ schema, onChange, onUnfinished, rowFaults, faults }: Props) {
  const [isRaw, setIsRaw] = useState(!isTabular(schema));
  const [isBroken, setIsBroken] = useState(false);
  return (
    <Stack gap="xs">
      <Anchor
        component="button"
        type="button"
        size="sm"
        w="fit-content"
        disabled={isBroken}
        onClick={() => !isBroken && setIsRaw(!isRaw)}
      >
        {isRaw ? "Edit as a table" : "Edit the raw schema"}
      </Anchor>
      {isRaw ? (
        <JsonInput
          id="generation_kwargs"
          label="JSON Schema of the parameters"
          value={Object.keys(schema).length === 0 ? undefined : schema}
          placeholder="{}"
          error={[
            ...faults,
            ...Object.entries(rowFaults).map(([name, all]) => `${name}: ${all.join(" ")}`),
          ].join("\n")}
          onChange={(value) => onChange((value ?? {}) as Schema)}
          onUnfinished={(isUnfinished) => {
            setIsBroken(isUnfinished);
            onUnfinished("generation_kwargs", isUnfinished);
          }}
        />
      ) : (
        <>
          {faults.map((fault) => (
            <Text key={fault} size="sm" c="red" role="alert" tabIndex={-1} data-first-fault>
              {fault}
            </Text>
          ))}
          <ParametersTable
            schema={schema}
            onChange={onChange}
            onUnfinished={onUnfinished}
            faults={rowFaults}
          />
        </>
      )}
    </Stack>
  );
}

import type { Definition } from "../../../api/definition";
import { partsOf } from "../../../api/differences";
import type { Fault } from "../../../api/problem";
import { typeOf } from "./configuration";
import { nameAt } from "./parameters";

/** A server's faults, beside the fields that they are about. */
export interface Placed {
  name: string[];
  provider: string[];
  type: string[];
  /** By init parameter. */
  parameters: Record<string, string[]>;
  /** By parameter that callers may set. */
  rows: Record<string, string[]>;
  /** Of `generation_kwargs` as a whole. */
  schema: string[];
  /** Those with no field of their own. */
  others: Fault[];
}

/** Put each fault beside its field. `known` are the init parameters that the form has a field for. */
export function place(faults: readonly Fault[], definition: Definition, known: readonly string[]): Placed {
  const placed: Placed = {
    name: [],
    provider: [],
    type: [],
    parameters: byName(),
    rows: byName(),
    schema: [],
    others: [],
  };
  for (const fault of faults) {
    const [field, ...rest] = partsOf(fault.pointer);
    if (field === "name") placed.name.push(fault.message);
    else if (field === "provider") placed.provider.push(fault.message);
    else if (field === "generation_kwargs") placeOfSchema(placed, fault, rest, definition);
    else if (field === "chat_generator_config") placeOfConfig(placed, fault, rest, known, definition);
    else placed.others.push(fault);
  }
  return placed;
}

/** The faults that still say something: those whose part of the definition has not been changed since. */
export function standing(faults: readonly Fault[], changed: readonly string[]): Fault[] {
  const touches = (pointer: string, other: string) => pointer === other || pointer.startsWith(`${other}/`);
  return faults.filter(
    ({ pointer }) =>
      !changed.some((one) => touches(pointer, one) || (pointer !== "#" && touches(one, pointer))),
  );
}

function placeOfConfig(
  placed: Placed,
  fault: Fault,
  rest: string[],
  known: readonly string[],
  definition: Definition,
): void {
  const [part, parameter] = rest;
  if (part === "type") placed.type.push(typeOf(definition) === "" ? "Choose a generator." : fault.message);
  else if (parameter === undefined || !known.includes(parameter)) placed.others.push(fault);
  else add(placed.parameters, parameter, withNames(fault.message, definition));
}

/** Of defaults the server counts too: "Value 2 of these defaults does not fit ...". */
function withNames(message: string, { chat_generator_config: config }: Definition): string {
  const defaults = (config.init_parameters as { generation_kwargs?: unknown } | undefined)?.generation_kwargs;
  const names = typeof defaults === "object" && defaults !== null ? Object.keys(defaults) : [];
  return message.replace(
    /^Value (\d+) of these defaults/,
    (whole, place) => names[Number(place) - 1] ?? whole,
  );
}

/** The server repeats no name that a person chose, and counts instead. */
const COUNTED = / Where, counted from 1: (?:properties)?\[(\d+)\](?:\.(.+?))?\.$/;

function placeOfSchema(
  placed: Placed,
  fault: Fault,
  rest: string[],
  { generation_kwargs }: Definition,
): void {
  const counted = COUNTED.exec(fault.message)?.[1];
  const named = rest[0] === "properties" ? rest[1] : undefined;
  const name = counted ? nameAt(generation_kwargs, Number(counted)) : named;
  if (name === undefined) placed.schema.push(fault.message);
  else
    add(
      placed.rows,
      name,
      fault.message.replace(COUNTED, (_, __, below) => (below ? ` (${below})` : "")),
    );
}

/** Without a prototype: a parameter may be called `constructor`, and that is no fault of it. */
function byName(): Record<string, string[]> {
  return Object.create(null);
}

function add(found: Record<string, string[]>, key: string, message: string): void {
  found[key] = [...(found[key] ?? []), message];
}

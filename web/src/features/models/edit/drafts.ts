import { type Definition, isObject } from "../../../api/definition";
import { parseJson, printJson } from "../../../api/json";

/** A definition with the ETag that it was read with. */
export interface Base {
  definition: Definition;
  etag: string;
}

/** What was typed and is not saved yet. */
export interface Draft {
  definition: Definition;
  /** What it began from; null for a new model. */
  base: Base | null;
  /** Raw text that is no definition yet. */
  unfinished: { view: "json" | "yaml"; text: string } | null;
}

/**
 * Drafts of one person, by address, until they are saved or the tab is closed: an expired session or a reload takes
 * nothing away. What looks like a secret's value is never among them.
 */
export const drafts = {
  read(person: string, address: string, storage: Storage = sessionStorage): Draft | null {
    try {
      const found: unknown = parseJson(storage.getItem(keyOf(person, address)) ?? "null");
      return isDraft(found) ? found : null;
    } catch {
      return null;
    }
  },

  keep(person: string, address: string, draft: Draft, storage: Storage = sessionStorage): void {
    try {
      storage.setItem(keyOf(person, address), printJson(withoutValues(draft), 0));
    } catch {
      // A full or forbidden storage only means that nothing survives a reload.
    }
  },

  drop(person: string, address: string, storage: Storage = sessionStorage): void {
    storage.removeItem(keyOf(person, address));
  },
};

const keyOf = (person: string, address: string) => `draft ${person} ${address}`;

const SECRET = /key|token|secret|password|credential|authorization/i;
const PROVIDER_KEY = /\b(sk|pk|rk|hf|gh[a-z]|glpat|xox[a-z])[-_]\w{8}|AKIA|AIza|eyJ/;
/** The same in text: a field of such a name with anything but a number, a yes or no, or more fields in it. */
const WRITTEN_SECRET =
  /(?:key|token|secret|password|credential|authorization)[\w-]{0,64}["']?[ \t]*:[ \t]*(?!["']{2}|-?\d+\b|(?:true|false|null|~)\b)[^\s{[&#]/i;
const SECRET_NAME = /^[a-z_]\w*$/i;

/** A draft without what may be a secret's value: pasted ones are refused when saved, and are not kept until then. */
function withoutValues(draft: Draft): Draft {
  const { unfinished } = draft;
  const isSafe =
    unfinished !== null && !PROVIDER_KEY.test(unfinished.text) && !WRITTEN_SECRET.test(unfinished.text);
  return {
    ...draft,
    definition: stripped(draft.definition) as Definition,
    unfinished: isSafe ? unfinished : null,
  };
}

function stripped(value: unknown, name = ""): unknown {
  if (Array.isArray(value)) return value.map((item) => stripped(item, name));
  if (isObject(value)) {
    const isSecret = "type" in value && value.type === "env_var";
    const entries = Object.entries(value).map(([key, item]) => [
      key,
      isSecret ? withoutPasted(item) : stripped(item, key),
    ]);
    return Object.fromEntries(entries.filter(([, item]) => item !== undefined));
  }
  const isValue = typeof value === "string" && (PROVIDER_KEY.test(value) || SECRET.test(name));
  return isValue ? undefined : value;
}

/** The names of secrets, without a value that somebody took for one. */
function withoutPasted(item: unknown): unknown {
  if (!Array.isArray(item)) return item;
  return item.filter((name) => SECRET_NAME.test(String(name)) && !PROVIDER_KEY.test(String(name)));
}

function isDraft(value: unknown): value is Draft {
  const draft = value as Draft | null;
  return (
    typeof draft?.definition?.name === "string" && typeof draft.definition.generation_kwargs === "object"
  );
}

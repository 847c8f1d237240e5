import { useQuery } from "@tanstack/react-query";
import { type Dispatch, type SetStateAction, useCallback, useMemo } from "react";
import type { Model } from "../../api/client";
import { useUnfinishedFields } from "../../ui/form/use-unfinished-fields";
import type { Turn } from "./conversation";
import { useKept } from "./kept";
import {
  type ParameterForm,
  type Parameters,
  parameterForm,
  parametersOf,
  type Settings,
  settingsOf,
} from "./parameters";
import { named } from "./queries";
import { type Conversation, useConversation } from "./use-conversation";

/** A model that is asked, how it is asked, and what was said with it. */
export interface Column extends Conversation {
  model: string | undefined;
  /** Its definition, as far as one may see it; undefined while that is on its way. */
  definition: Model | null | undefined;
  form: ParameterForm;
  settings: Settings;
  setSettings: (settings: Settings) => void;
  parameters: Parameters;
  /** Whether a parameter is no value, or the others no JSON. */
  hasFault: boolean;
  onUnfinished: (field: string, isUnfinished: boolean) => void;
  isReady: boolean;
  /** Ask after the first `after` turns, else after all. */
  send: (prompt: string, system: string, after?: number) => void;
}

const KEPT_SETTINGS = { initial: {} as Record<string, Settings> };

/** One side of the playground. Each model keeps parameters of its own. */
export function useColumn(workspaceId: string, side: string, model: string | undefined): Column {
  const conversation = useConversation(workspaceId, side);
  const [all, setAll] = useKept(`${workspaceId} ${side} settings`, KEPT_SETTINGS);
  const { data: definition } = useQuery(named(workspaceId, model));
  const settings = settingsOf(all, model);
  const parameters = useMemo(() => parametersOf(settings), [settings]);
  const form = useMemo(() => parameterForm(definition ?? null), [definition]);
  const { hasUnfinished, onUnfinished } = useUnfinishedFields();
  const hasFault = hasUnfinished || "fault" in parameters;
  const { ask } = conversation;
  const send = useCallback(
    (prompt: string, system: string, after?: number) => {
      if (model === undefined || "fault" in parameters) return;
      void ask({ model, prompt, system, parameters: parameters.values }, after);
    },
    [model, parameters, ask],
  );
  return {
    ...conversation,
    model,
    definition,
    form,
    settings,
    setSettings: useSettingsOf(model, setAll),
    parameters,
    hasFault,
    onUnfinished,
    isReady: model !== undefined && !hasFault,
    send,
  };
}

function useSettingsOf(
  model: string | undefined,
  setAll: Dispatch<SetStateAction<Record<string, Settings>>>,
): (settings: Settings) => void {
  return useCallback(
    (settings) => {
      if (model !== undefined) setAll((all) => ({ ...all, [model]: settings }));
    },
    [model, setAll],
  );
}

/** The fault of the last question, when its model still is the one that is asked. */
export function lastRefusal({ turns, model }: Column): Turn["problem"] {
  const last = turns.at(-1);
  return last && last.model === model ? last.problem : null;
}

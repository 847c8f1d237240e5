import { SegmentedControl, Stack, Text } from "@mantine/core";
import { useState } from "react";
import { home } from "../../api/place";
import { curl, haymowChatGenerator, openaiSdk } from "../../api/snippets";
import { CopyBlock } from "../../ui/copy-block";
import { Dialog } from "../../ui/dialog";
import { callOf, type Question, type Turn } from "./conversation";

const LANGUAGES = { curl, Python: openaiSdk, Haystack: haymowChatGenerator };
type Language = keyof typeof LANGUAGES;

interface Props {
  workspaceId: string;
  before: readonly Turn[];
  question: Question;
}

/** The very call that a question made, ready to paste. */
export function CodeDialog({ onClose, ...call }: Props & { onClose: () => void }) {
  return (
    <Dialog title="This call as code" size="xl" onClose={onClose}>
      <CallAsCode {...call} />
    </Dialog>
  );
}

function CallAsCode({ workspaceId, before, question }: Props) {
  const [language, setLanguage] = useState<Language>("curl");
  const { model, messages, parameters } = callOf(before, question);
  const call = {
    origin: home,
    workspaceId,
    model,
    messages: messages.map((message) => ({ ...message })),
    parameters,
    stream: true,
  };
  return (
    <Stack gap="sm">
      <SegmentedControl
        aria-label="Language"
        size="xs"
        data={Object.keys(LANGUAGES)}
        value={language}
        onChange={(value) => setLanguage(value as Language)}
      />
      <CopyBlock code={LANGUAGES[language](call)} label={`${language} code`} />
      <Text size="xs" c="dimmed">
        HAYMOW_API_KEY in the environment is an API token of yours; the code never holds it.
      </Text>
    </Stack>
  );
}

import { printJson } from "./json";
import { pythonOf, pythonString } from "./python";

/** A message of a chat, as OpenAI's protocol has it. */
export type ChatMessage = { role: string; content?: unknown } & Record<string, unknown>;

/** A call to write down as code. */
export interface Call {
  /** haymow's own address, such as `https://haymow.example`. */
  origin: string;
  workspaceId: string;
  /** The model's name; its id where another model of that name is nearer. */
  model: string;
  messages?: ChatMessage[];
  /** What is set for this call alone, such as `{temperature: 0.2}`. */
  parameters?: Record<string, unknown>;
  stream?: boolean;
}

/** The variable that the token is in. A snippet never has the token itself: snippets are pasted into other places. */
export const TOKEN_VARIABLE = "HAYMOW_API_KEY";

const GREETING: ChatMessage[] = [{ role: "user", content: "What is the capital of France?" }];

/** Where a workspace speaks OpenAI's protocol. */
export function baseUrlOf(call: Pick<Call, "origin" | "workspaceId">): string {
  return `${call.origin}/api/v2/workspaces/${call.workspaceId}/openai/v1`;
}

/** For a shell: sh, bash, zsh. */
export function curl(call: Call): string {
  const body = {
    model: call.model,
    messages: call.messages ?? GREETING,
    ...call.parameters,
    ...(call.stream ? { stream: true } : {}),
  };
  return [
    `curl ${call.stream ? "-N " : ""}${shellString(`${baseUrlOf(call)}/chat/completions`)} \\`,
    `  -H "Authorization: Bearer $${TOKEN_VARIABLE}" \\`,
    "  -H 'Content-Type: application/json' \\",
    `  -d ${shellString(printJson(body))}`,
  ].join("\n");
}

/** For Python with the openai package. What its method has no argument for goes in `extra_body`. */
export function openaiSdk(call: Call): string {
  const [known, extra] = split(call.parameters ?? {}, (name) => OPENAI_ARGUMENTS.has(name));
  const values: [string, unknown][] = [
    ["model", call.model],
    ["messages", call.messages ?? GREETING],
    ...Object.entries(known),
    ...(Object.keys(extra).length > 0 ? [["extra_body", extra] as [string, unknown]] : []),
    ...(call.stream ? [["stream", true] as [string, unknown]] : []),
  ];
  return [
    "import os",
    "",
    "from openai import OpenAI",
    "",
    "client = OpenAI(",
    `    base_url=${pythonString(baseUrlOf(call))},`,
    `    api_key=os.environ["${TOKEN_VARIABLE}"],`,
    ")",
    "answer = client.chat.completions.create(",
    ...values.map(([name, value]) => `    ${name}=${pythonOf(value, 4)},`),
    ")",
    ...(call.stream ? PRINT_CHUNKS : ["print(answer.choices[0].message.content)"]),
  ].join("\n");
}

/** For Python with Haystack. The token is taken from the environment by the component itself. */
export function haymowChatGenerator(call: Call): string {
  const parameters = Object.keys(call.parameters ?? {}).length > 0;
  return [
    "from haystack.dataclasses import ChatMessage",
    "from haystack_integrations.components.generators.haymow import HaymowChatGenerator",
    "",
    "generator = HaymowChatGenerator(",
    `    model=${pythonString(call.model)},`,
    `    workspace=${pythonString(call.workspaceId)},`,
    `    api_base_url=${pythonString(call.origin)},`,
    ...(parameters ? [`    generation_kwargs=${pythonOf(call.parameters, 4)},`] : []),
    ...(call.stream ? ['    streaming_callback=lambda chunk: print(chunk.content, end=""),'] : []),
    ")",
    `answer = generator.run(${haystackMessages(call.messages ?? GREETING)})`,
    ...(call.stream ? [] : ['print(answer["replies"][0].text)']),
  ].join("\n");
}

const PRINT_CHUNKS = [
  "for chunk in answer:",
  "    for choice in chunk.choices:",
  '        print(choice.delta.content or "", end="", flush=True)',
];

const PLAIN = new Set(["system", "user", "assistant"]);

function haystackMessages(messages: ChatMessage[]): string {
  const written = messages.map(haystackMessage);
  if (written.length < 2) return `[${written.join("")}]`;
  return `[\n${written.map((one) => `    ${one},`).join("\n")}\n]`;
}

function haystackMessage(message: ChatMessage): string {
  const plain =
    PLAIN.has(message.role) && typeof message.content === "string" && Object.keys(message).length === 2;
  if (plain) return `ChatMessage.from_${message.role}(${pythonOf(message.content, 4)})`;
  return `ChatMessage.from_openai_dict_format(${pythonOf(message, 4)})`;
}

/** In single quotes nothing means anything to a shell but the single quote, which has to be outside of them. */
function shellString(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

function split(all: Record<string, unknown>, belongs: (name: string) => boolean) {
  const entries = Object.entries(all);
  return [
    Object.fromEntries(entries.filter(([name]) => belongs(name))),
    Object.fromEntries(entries.filter(([name]) => !belongs(name))),
  ] as const;
}

/** The arguments of the openai package's `chat.completions.create`, as far as they are parameters of a chat. */
const OPENAI_ARGUMENTS = new Set([
  "frequency_penalty",
  "logit_bias",
  "logprobs",
  "max_completion_tokens",
  "max_tokens",
  "metadata",
  "modalities",
  "n",
  "parallel_tool_calls",
  "prediction",
  "presence_penalty",
  "reasoning_effort",
  "response_format",
  "seed",
  "service_tier",
  "stop",
  "store",
  "stream_options",
  "temperature",
  "tool_choice",
  "tools",
  "top_logprobs",
  "top_p",
  "user",
]);

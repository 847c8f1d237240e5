import { execFileSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { Float } from "./json";
import { type Call, curl, haymowChatGenerator, openaiSdk } from "./snippets";

/** Everything that a shell, JSON or Python could take for its own. */
const NASTY = "it's \"x\" \\ $HOME `id` !! $(id) \\' {0} %s #é😀\u2028\u0085";
const call: Call = { origin: "http://127.0.0.1:8000", workspaceId: "w-1", model: NASTY };

/** What a shell hands to curl, one argument a line of JSON. */
function argumentsOf(snippet: string): string[] {
  const script = `curl() { for one in "$@"; do printf '%s\\0' "$one"; done; }\n${snippet}\n`;
  const env = { HAYMOW_API_KEY: "token of the test" };
  return execFileSync("/bin/sh", ["-c", script], { env, encoding: "utf8" }).split("\0").slice(0, -1);
}

/** What Python makes of the arguments of a call in a snippet. */
function keywordsOf(snippet: string, name: string): unknown {
  const script = [
    "import ast, json, sys",
    "for node in ast.walk(ast.parse(sys.stdin.read())):",
    "    if isinstance(node, ast.Call) and ast.unparse(node.func) == sys.argv[1]:",
    "        found = {k.arg: k.value for k in node.keywords}",
    "        found |= {str(n): arg for n, arg in enumerate(node.args)}",
    "        values = {}",
    "        for key, value in found.items():",
    "            try: values[key] = ast.literal_eval(value)",
    "            except ValueError: values[key] = ast.unparse(value)",
    "        print(json.dumps(values)); break",
  ].join("\n");
  return JSON.parse(execFileSync("python3", ["-c", script, name], { input: snippet, encoding: "utf8" }));
}

describe("curl", () => {
  it("says what is meant, whatever is in a name", () => {
    const found = argumentsOf(curl({ ...call, parameters: { stop: ["'", "\n"], temperature: 0.5 } }));
    expect(found[0]).toBe("http://127.0.0.1:8000/api/v2/workspaces/w-1/openai/v1/chat/completions");
    expect(found).toContain("Authorization: Bearer token of the test");
    expect(JSON.parse(found.at(-1) ?? "")).toEqual({
      model: NASTY,
      messages: [{ role: "user", content: "What is the capital of France?" }],
      stop: ["'", "\n"],
      temperature: 0.5,
    });
  });

  it("shows a stream as it comes", () => {
    const found = argumentsOf(curl({ ...call, stream: true }));
    expect(found[0]).toBe("-N");
    expect(JSON.parse(found.at(-1) ?? "")).toMatchObject({ stream: true });
  });

  it("asks what was asked", () => {
    const messages = [{ role: "user", content: "Hi" }];
    expect(JSON.parse(argumentsOf(curl({ ...call, messages })).at(-1) ?? "").messages).toEqual(messages);
  });
});

describe("openaiSdk", () => {
  it("is Python that means the same, whatever is in a name", () => {
    const parameters = { temperature: 0.5, logprobs: true, seed: null, top_k: 3 };
    expect(keywordsOf(openaiSdk({ ...call, parameters }), "client.chat.completions.create")).toEqual({
      model: NASTY,
      messages: [{ role: "user", content: "What is the capital of France?" }],
      temperature: 0.5,
      logprobs: true,
      seed: null,
      extra_body: { top_k: 3 },
    });
    expect(keywordsOf(openaiSdk(call), "OpenAI")).toMatchObject({
      base_url: "http://127.0.0.1:8000/api/v2/workspaces/w-1/openai/v1",
      api_key: "os.environ['HAYMOW_API_KEY']",
    });
  });

  it("writes long conversations over several lines, unchanged", () => {
    const messages = [
      { role: "system", content: `${"long ".repeat(40)}\n'"""\\` },
      {
        role: "user",
        content: [
          { type: "text", text: NASTY },
          { type: "image_url", image_url: { url: "data:," } },
        ],
      },
    ];
    const snippet = openaiSdk({ ...call, messages, stream: true });
    expect(keywordsOf(snippet, "client.chat.completions.create")).toMatchObject({ messages, stream: true });
    expect(snippet).toContain("for chunk in answer:");
  });
});

describe("haymowChatGenerator", () => {
  it("is Python that means the same, whatever is in a name", () => {
    const snippet = haymowChatGenerator({ ...call, parameters: { max_tokens: 5 } });
    expect(keywordsOf(snippet, "HaymowChatGenerator")).toEqual({
      model: NASTY,
      workspace: "w-1",
      api_base_url: "http://127.0.0.1:8000",
      generation_kwargs: { max_tokens: 5 },
    });
    expect(snippet).not.toContain("api_key");
  });

  it("makes plain texts Haystack's messages, and hands it all others as they are", () => {
    const tool = { role: "tool", content: NASTY, tool_call_id: "c1" };
    const snippet = haymowChatGenerator({ ...call, messages: [{ role: "system", content: NASTY }, tool] });
    expect(keywordsOf(snippet, "ChatMessage.from_system")).toEqual({ 0: NASTY });
    expect(keywordsOf(snippet, "ChatMessage.from_openai_dict_format")).toEqual({ 0: tool });
  });
});

describe("a float", () => {
  const parameters = { temperature: new Float(1), top_k: 1, bias: { "5": new Float(-0) } };
  const call: Call = { origin: "http://127.0.0.1:8000", workspaceId: "w-1", model: "m", parameters };

  it("is one in every snippet, and an integer none", () => {
    expect(curl(call)).toContain('"temperature": 1.0,\n  "top_k": 1,\n  "bias": {\n    "5": -0.0\n  }');
    expect(openaiSdk(call)).toContain('temperature=1.0,\n    extra_body={"top_k": 1, "bias": {"5": -0.0}},');
    expect(haymowChatGenerator(call)).toContain('{"temperature": 1.0, "top_k": 1, "bias": {"5": -0.0}}');
  });
});

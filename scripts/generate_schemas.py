"""Write `src/haymow/generators/schemas/`: the init parameters of every ChatGenerator haymow knows, as JSON Schema.

    python scripts/generate_schemas.py                  all packages, each in a throw-away environment (minutes)
    python scripts/generate_schemas.py anthropic ...    only these packages' generators
    python scripts/generate_schemas.py --core           only haystack-ai's, from the environment that runs this
    python scripts/generate_schemas.py --core --check   compare with what is there; exit 1 on a difference

Run by hand when a package is updated: change its version in PACKAGES, run, read the difference, commit. The packages
do not go into one environment (litellm-haystack 2 downgrades openai, transformers brings torch), hence one each.
"""

from __future__ import annotations

import argparse
import difflib
import json
import subprocess
import sys
import tempfile
import venv
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SCRIPTS = Path(__file__).resolve().parent
SCHEMAS = SCRIPTS.parent / "src" / "haymow" / "generators" / "schemas"
HAYSTACK = "3.4.0"
INTEGRATIONS = "haystack_integrations.components.generators"
CORE = "haystack.components.generators.chat"


@dataclass(frozen=True)
class Package:
    """A distribution and the generators in it, as `module:Class`.

    `stand_ins`: modules replaced by empty ones, for a package whose own needs cannot be installed here; it is then
    installed without its dependencies and whatever Python it asks for. `extra_pins` goes to pip beside it.
    """

    name: str
    version: str
    targets: tuple[str, ...]
    extra_pins: tuple[str, ...] = ()
    stand_ins: tuple[str, ...] = ()

    @property
    def short(self) -> str:
        return self.name.removesuffix("-haystack")


def _integration(short: str, version: str, cls: str, **more: tuple[str, ...]) -> Package:
    target = f"{INTEGRATIONS}.{short.replace('-', '_')}.chat.chat_generator:{cls}"
    return Package(f"{short}-haystack", version, (target,), **more)


CORE_PACKAGE = Package(
    "haystack-ai",
    HAYSTACK,
    (
        f"{CORE}.azure:AzureOpenAIChatGenerator",
        f"{CORE}.azure_responses:AzureOpenAIResponsesChatGenerator",
        f"{CORE}.fallback:FallbackChatGenerator",
        f"{CORE}.llm:LLM",
        f"{CORE}.mock:MockChatGenerator",
        f"{CORE}.openai:OpenAIChatGenerator",
        f"{CORE}.openai_responses:OpenAIResponsesChatGenerator",
    ),
)

PACKAGES = (
    _integration("aimlapi", "3.0.0", "AIMLAPIChatGenerator"),
    _integration("amazon-bedrock", "9.0.0", "AmazonBedrockChatGenerator"),
    Package(
        "anthropic-haystack",
        "8.0.1",
        (
            f"{INTEGRATIONS}.anthropic.chat.chat_generator:AnthropicChatGenerator",
            f"{INTEGRATIONS}.anthropic.chat.foundry_chat_generator:AnthropicFoundryChatGenerator",
            f"{INTEGRATIONS}.anthropic.chat.vertex_chat_generator:AnthropicVertexChatGenerator",
        ),
        extra_pins=("anthropic<1",),  # it names no upper bound, and with 2.x every call with a temperature fails
    ),
    _integration("cohere", "11.0.0", "CohereChatGenerator"),
    _integration("cometapi", "3.0.0", "CometAPIChatGenerator"),
    _integration("edenai", "1.0.0", "EdenAIChatGenerator"),
    _integration("google-genai", "7.0.0", "GoogleGenAIChatGenerator"),
    _integration("hetzner", "2.0.0", "HetznerChatGenerator"),
    _integration("huggingface-api", "3.1.0", "HuggingFaceAPIChatGenerator"),
    _integration("litellm", "2.0.0", "LiteLLMChatGenerator"),
    # Compiles for 12 minutes, and only its client's names are needed.
    _integration(
        "llama-cpp",
        "3.0.2",
        "LlamaCppChatGenerator",
        stand_ins=("llama_cpp", "llama_cpp.llama_chat_format", "llama_cpp.llama_tokenizer"),
    ),
    # Asks for Python 3.12; its class needs nothing but haystack-ai.
    _integration("llama-stack", "3.0.1", "LlamaStackChatGenerator", stand_ins=("llama_stack_client",)),
    _integration("meta-llama", "2.2.0", "MetaLlamaChatGenerator"),
    _integration("mistral", "3.0.0", "MistralChatGenerator"),
    _integration("nvidia", "3.0.0", "NvidiaChatGenerator"),
    _integration("ollama", "7.0.2", "OllamaChatGenerator"),
    _integration("openrouter", "2.0.0", "OpenRouterChatGenerator"),
    _integration("orcarouter", "1.0.0", "OrcaRouterChatGenerator"),
    _integration("otari", "2.0.0", "OtariChatGenerator"),
    _integration("perplexity", "2.0.0", "PerplexityChatGenerator"),
    _integration("runcrate", "0.1.0", "RuncrateChatGenerator"),
    _integration("stackit", "4.0.0", "STACKITChatGenerator"),
    _integration("togetherai", "5.0.0", "TogetherAIChatGenerator"),
    _integration("transformers", "2.0.0", "TransformersChatGenerator", extra_pins=("torch==2.13.0",)),
    _integration("vllm", "3.0.1", "VLLMChatGenerator"),
    _integration("watsonx", "3.0.0", "WatsonxChatGenerator"),
)

# Where classes lived in Haystack 2.x, when not where they live now.
FORMERLY = {
    "HuggingFaceAPIChatGenerator": (
        f"{CORE}.hugging_face_api.HuggingFaceAPIChatGenerator",
        f"{CORE}.HuggingFaceAPIChatGenerator",
    ),
    "TransformersChatGenerator": (
        f"{CORE}.hugging_face_local.HuggingFaceLocalChatGenerator",
        f"{CORE}.HuggingFaceLocalChatGenerator",
    ),
}


def main() -> int:
    arguments = _arguments()
    chosen = [CORE_PACKAGE] if arguments.core else _chosen(arguments.packages)
    made: dict[str, str] = {}
    for number, package in enumerate(chosen, 1):
        print(f"[{number}/{len(chosen)}] {package.name} {package.version}", file=sys.stderr, flush=True)
        made |= _documents(package, arguments)
    return _compare(made) if arguments.check else _write(made)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("packages", nargs="*", help="short names such as anthropic; all when none is given")
    parser.add_argument("--core", action="store_true", help="haystack-ai's own generators, from this environment")
    parser.add_argument("--check", action="store_true", help="write nothing, exit 1 when something would change")
    parser.add_argument("--environments", type=Path, help="keep the environments here and use what is there already")
    return parser.parse_args()


def _chosen(names: list[str]) -> list[Package]:
    everything = [CORE_PACKAGE, *PACKAGES]
    if unknown := set(names) - {package.short for package in everything}:
        raise SystemExit(f"Unknown package: {', '.join(sorted(unknown))}")
    return [package for package in everything if not names or package.short in names]


def _documents(package: Package, arguments: argparse.Namespace) -> dict[str, str]:
    """File name to file content, for each generator of the package."""
    if arguments.core:
        return _described(package, Path(sys.executable))
    if arguments.environments:
        return _described(package, _environment(package, arguments.environments / package.short))
    with tempfile.TemporaryDirectory(prefix="haymow-schemas-") as folder:
        return _described(package, _environment(package, Path(folder)))


def _environment(package: Package, folder: Path) -> Path:
    """The Python of an environment that holds the package, made in `folder` unless it is there."""
    python = folder / "bin" / "python"
    if not python.exists():
        venv.create(folder, with_pip=True)
        requirement = f"{package.name}=={package.version}"
        haystack = f"haystack-ai=={HAYSTACK}"
        if package.stand_ins:
            _pip(python, haystack)
            _pip(python, "--no-deps", "--ignore-requires-python", requirement)
        else:
            _pip(python, haystack, requirement, *package.extra_pins)
    return python


def _pip(python: Path, *arguments: str) -> None:
    command = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *arguments]
    subprocess.run(command, check=True)


def _described(package: Package, python: Path) -> dict[str, str]:
    stand_ins = [part for module in package.stand_ins for part in ("--stand-in", module)]
    worker = [str(python), str(SCRIPTS / "signature_schema.py"), "--package", package.name, *stand_ins]
    result = subprocess.run([*worker, *package.targets], check=True, stdout=subprocess.PIPE, text=True)
    answer = json.loads(result.stdout.splitlines()[-1])  # some packages greet on standard output first
    return {f"{g['name']}.json": _text(_document(package, answer["version"], g)) for g in answer["generators"]}


def _document(package: Package, version: str, generator: dict[str, Any]) -> dict[str, Any]:
    made = "imported"
    if package.stand_ins:
        made = f"imported without its dependencies; empty stand-ins for {', '.join(package.stand_ins)}"
    return {
        "name": generator["name"],
        "type": generator["type"],
        "aliases": [*generator["aliases"], *FORMERLY.get(generator["name"], ())],
        "package": package.name,
        "version": version,
        "made": made,
        "secrets": generator["secrets"],
        "schema": generator["schema"],
    }


def _text(document: dict[str, Any]) -> str:
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"


def _write(made: dict[str, str]) -> int:
    SCHEMAS.mkdir(exist_ok=True)
    for name, text in made.items():
        (SCHEMAS / name).write_text(text, encoding="utf-8")
    (SCHEMAS / "index.json").write_text(_index(), encoding="utf-8")
    print(f"{len(made)} schemas written to {SCHEMAS}", file=sys.stderr)
    return 0


def _index() -> str:
    """What is needed to know a generator by any of its names, without reading its schema."""
    entries = []
    for path in sorted(SCHEMAS.glob("[A-Z]*.json")):
        document = json.loads(path.read_text(encoding="utf-8"))
        entries.append({key: document[key] for key in ("name", "type", "aliases", "package", "version")})
    return _text({"generators": entries})


def _compare(made: dict[str, str]) -> int:
    made = {**made, "index.json": _index()}
    different = False
    for name, text in made.items():
        path = SCHEMAS / name
        committed = path.read_text(encoding="utf-8") if path.exists() else ""
        lines = list(difflib.unified_diff(committed.splitlines(), text.splitlines(), f"committed {name}", name, n=2))
        different = different or bool(lines)
        print("\n".join(lines[:40]), end="\n" if lines else "")
    if different:
        print("The schemas differ: run scripts/generate_schemas.py, read the difference, commit.", file=sys.stderr)
    return 1 if different else 0


if __name__ == "__main__":
    sys.exit(main())

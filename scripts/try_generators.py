"""Construct every generator haymow knows from a minimal definition, and write docs/providers.md: `make providers`.

    python scripts/try_generators.py                  all of them (minutes: some packages need an environment each)
    python scripts/try_generators.py litellm ...      only these packages' generators, printed and not written
    python scripts/try_generators.py --one NAME       in the environment that runs this; prints JSON

Nothing is called. What the tests call (tests/providers) is constructed in the environment that runs this; what haymow
does not run at all is listed with the reason, and not installed.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from haymow.egress import Egress
from haymow.errors import HaymowError
from haymow.generators import GeneratorInfo, check, generator, generators
from haymow.generators.live.build import build
from haymow.generators.live.clients import take_over_of

ROOT: Final = Path(__file__).resolve().parent.parent
PAGE: Final = ROOT / "docs" / "providers.md"
TABLE: Final = "## Every generator"

# Not all go into one environment: litellm takes openai back, others bring much that no test needs.
ALONE: Final = ("huggingface-api", "litellm", "llama-stack", "watsonx")
# Asks for Python 3.12; its class needs nothing but haystack-ai.
WITHOUT_ITS_NEEDS: Final = frozenset({"llama-stack"})

_SECRET: Final = {"type": "env_var", "env_vars": ["KEY"], "strict": True}
MINIMAL: Final[dict[str, dict[str, Any]]] = {
    "AmazonBedrockChatGenerator": {"model": "m", "aws_region_name": "eu-central-1"},
    "AnthropicFoundryChatGenerator": {"resource": "barn"},
    "AnthropicVertexChatGenerator": {"region": "us-east5", "project_id": "barn"},
    "AzureOpenAIChatGenerator": {"azure_endpoint": "https://barn.openai.azure.com", "azure_deployment": "m"},
    "AzureOpenAIResponsesChatGenerator": {"azure_endpoint": "https://barn.openai.azure.com", "azure_deployment": "m"},
    "HuggingFaceAPIChatGenerator": {"api_type": "serverless_inference_api", "api_params": {"model": "barn/m"}},
    "LiteLLMChatGenerator": {"model": "openai/m", "api_key": _SECRET},
    "MockChatGenerator": {},
}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("packages", nargs="*", help="short names such as litellm; all when none is given")
    parser.add_argument("--one", help="a generator's class name")
    arguments = parser.parse_args()
    if arguments.one:
        print(json.dumps(tried(arguments.one)))
        return 0
    rows = [_row(info) for info in generators() if not arguments.packages or info.extra in arguments.packages]
    if arguments.packages:
        print("\n".join(rows))
    else:
        _write(rows)
    return 0


def tried(name: str) -> dict[str, str]:
    """The version of a generator's package here, and what came of constructing it: nothing, when all is well."""
    info = generator(name)
    assert info is not None
    config = {"type": info.type, "init_parameters": MINIMAL.get(name, {"model": "m"})}
    secrets = dict.fromkeys(["KEY", *(env for secret in info.secrets for env in secret.env_vars)], "none")
    secrets.pop("AWS_DEFAULT_REGION", None)
    try:
        build(check(config).config, secrets, Egress(unpoliced=frozenset({name})))
    except HaymowError as error:
        return {"version": importlib.metadata.version(info.package), "fault": error.message}
    return {"version": importlib.metadata.version(info.package), "fault": ""}


def _row(info: GeneratorInfo) -> str:
    if info.status == "refused":
        return _line(info, info.version, "not tried", "refused", info.reason or "")
    print(f"{info.name} ({info.package})", file=sys.stderr, flush=True)
    found = _tried_alone(info) if info.extra in ALONE else _tried_with(Path(sys.executable), info)
    calls, why = _calls(info)
    return _line(info, found["version"], found["fault"] or "yes", calls, why)


def _calls(info: GeneratorInfo) -> tuple[str, str]:
    if info.name == "MockChatGenerator":
        return "calls nothing", ""
    take_over = take_over_of(info)
    if take_over is None:
        return "refused until allowed", WHY_NOT[info.name]
    return "under the policy", f"`clients/{take_over.__module__.rpartition('.')[2]}.py`"


WHY_NOT: Final = {
    "AnthropicVertexChatGenerator": "It calls with the server's own Google credentials, which it looks for itself.",
    "HuggingFaceAPIChatGenerator": "Before its first call it asks the hub about the model, by a client of its own.",
    "LiteLLMChatGenerator": "It makes clients as it likes, and reads keys and addresses from the environment.",
    "WatsonxChatGenerator": "Its SDK first gets a token from another host, by clients of its own.",
}


def _line(info: GeneratorInfo, *cells: str) -> str:
    return f"| {info.name} | {info.package} | {' | '.join(cells)} |"


def _tried_alone(info: GeneratorInfo) -> dict[str, str]:
    with tempfile.TemporaryDirectory(prefix="haymow-generators-") as folder:
        python = Path(folder, "bin", "python")
        _uv("venv", "--quiet", "--seed", "--python", sys.executable, folder)
        package = f"{info.package}=={info.version}"
        if info.extra in WITHOUT_ITS_NEEDS:
            _uv("pip", "install", "--quiet", "--python", str(python), str(ROOT))
            pip = [str(python), "-m", "pip", "install", "--quiet", "--no-deps", "--ignore-requires-python", package]
            subprocess.run(pip, check=True)
        else:
            _uv("pip", "install", "--quiet", "--python", str(python), str(ROOT), package)
        return _tried_with(python, info)


def _uv(*arguments: str) -> None:
    subprocess.run([str(Path(sys.executable).parent / "uv"), *arguments], check=True)


def _tried_with(python: Path, info: GeneratorInfo) -> dict[str, str]:
    command = [str(python), str(Path(__file__)), "--one", info.name]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    answer: dict[str, str] = json.loads(done.stdout.splitlines()[-1])  # some packages greet on standard output first
    return answer


def _write(rows: list[str]) -> None:
    said = PAGE.read_text(encoding="utf-8").partition(TABLE)[0]
    day = f"Constructed on {datetime.now(UTC):%Y-%m-%d} from a minimal definition; `make providers` writes this anew."
    head = ("| generator | package | version | constructs | calls | how, or why not |", "|---|---|---|---|---|---|")
    PAGE.write_text("\n".join([f"{said}{TABLE}", "", day, "", *head, *rows, ""]), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())

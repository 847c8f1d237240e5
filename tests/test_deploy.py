"""What deploy/ says is true of haymow, and is what Docker, Compose, Kubernetes and Prometheus read."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

import haymow
from haymow.cli.commands import haymow as command_line
from haymow.errors import StartFailed
from haymow.server.secrets import key_file
from haymow.server.secrets.cipher import Hidden
from haymow.server.settings import DEFAULT_CHAT_TIMEOUT, DEFAULT_PORT, settings_from

ROOT = Path(__file__).parent.parent
DEPLOY = ROOT / "deploy"
KUBERNETES = DEPLOY / "kubernetes"
DOCKERFILE = (DEPLOY / "Dockerfile").read_text()
TEXTS = {path: path.read_text() for path in sorted(DEPLOY.rglob("*")) if path.is_file()}
VERSIONS = ("1.31", "1.37")  # the oldest that this asks for, and the newest there is

Document = dict[str, Any]


def documents(folder: Path = KUBERNETES) -> Iterator[tuple[Path, Document]]:
    for path in sorted(folder.rglob("*.yaml")):
        yield from ((path, document) for document in yaml.safe_load_all(path.read_text()))


OBJECTS = [(path, one) for path, one in documents() if one["kind"] not in ("Kustomization", "PodMonitor")]


def named(kind: str) -> Document:
    return next(one for _, one in documents() if one["kind"] == kind)


def pods() -> list[Document]:
    return [named(kind)["spec"]["template"]["spec"] for kind in ("Deployment", "Job")]


def settings_file() -> dict[str, str]:
    lines = (KUBERNETES / "haymow.env").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


COMPOSE: Document = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
SERVICES: dict[str, Document] = COMPOSE["services"]


# Read by those whom it is for


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(("path", "document"), OBJECTS, ids=[f"{p.stem}-{d['kind']}" for p, d in OBJECTS])
def test_kubernetes_knows_every_field(path: Path, document: Document, version: str) -> None:
    kubernetes_validate.validate(document, version, strict=True)


def test_a_misspelt_field_would_be_seen() -> None:
    document = {**named("Service"), "spec": {"prots": []}}
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(document, VERSIONS[-1], strict=True)


@pytest.mark.skipif(not shutil.which("kubectl"), reason="kubectl, whose kustomize this asks, is not on this machine")
@pytest.mark.parametrize("folder", [KUBERNETES, KUBERNETES / "migrate"], ids=lambda path: path.name)
def test_kustomize_makes_objects_that_find_each_other(folder: Path) -> None:
    made = subprocess.run(["kubectl", "kustomize", str(folder)], capture_output=True, text=True, check=True).stdout
    for one in yaml.safe_load_all(made):
        kubernetes_validate.validate(one, VERSIONS[-1], strict=True)
        assert one["kind"] == "Namespace" or one["metadata"]["namespace"] == "haymow"
    names = re.findall(r"^  name: (haymow-\w+)$", made, re.MULTILINE)
    assert f"image: haymow:{haymow.__version__}\n" in made
    assert all(made.count(name) > 1 for name in names if not name.endswith("migrate"))  # the ConfigMap with its hash


def test_compose_knows_every_field() -> None:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec"]
    done = subprocess.run([*command, str(DEPLOY / "compose.yaml")], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


def test_hadolint_has_nothing_to_say_of_the_dockerfile() -> None:
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    hadolint = shutil.which("hadolint", path=path)
    assert hadolint, "hadolint is missing: make setup-dev"
    done = subprocess.run([hadolint, str(DEPLOY / "Dockerfile")], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


# True of haymow


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.name)
def test_every_setting_that_is_named_is_one(path: Path) -> None:
    known = set(re.findall(r"\bHAYMOW_[A-Z_]+", (ROOT / "src/haymow/server/settings.py").read_text()))
    of_compose = {"HAYMOW_DATABASE_PASSWORD", "HAYMOW_PUBLISH"}  # what compose.yaml itself asks for
    assert set(re.findall(r"\bHAYMOW_[A-Z_]+", TEXTS[path])) <= known | of_compose


def test_the_settings_can_be_meant() -> None:
    settings = settings_from(settings_file())
    assert settings.metrics_port and not settings.start_link
    environment = {name: value for name, value in SERVICES["haymow"]["environment"].items() if "$" not in value}
    assert not settings_from(environment).start_link
    assert settings.unknown == settings_from(environment).unknown == ""


def test_the_commands_are_haymows() -> None:
    for words in [pod["containers"][0]["args"] for pod in pods()] + [SERVICES["migrate"]["command"]]:
        command: Any = command_line
        for word in words:
            command = command.commands[word]
    assert json.loads(_instruction("CMD")) == ["serve"] and json.loads(_instruction("ENTRYPOINT")) == ["haymow"]


def test_the_probes_ask_what_there_is_and_never_restart_for_the_database() -> None:
    server = pods()[0]["containers"][0]
    paths = json.loads((ROOT / "docs/openapi.json").read_text())["paths"]
    asked = {name: server[f"{name}Probe"]["httpGet"] for name in ("startup", "readiness", "liveness")}
    assert {name: one["path"] for name, one in asked.items()} == {
        "startup": "/healthz", "readiness": "/readyz", "liveness": "/healthz",
    }  # fmt: skip
    assert all(one["path"] in paths and one["port"] == "http" for one in asked.values())
    assert "/readyz" in TEXTS[DEPLOY / "haproxy.cfg"] and "/healthz" in DOCKERFILE


def test_the_ports_are_those_that_haymow_listens_on() -> None:
    ports = {one["name"]: one["containerPort"] for one in pods()[0]["containers"][0]["ports"]}
    assert ports == {"http": DEFAULT_PORT, "metrics": settings_from(settings_file()).metrics_port}
    assert _instruction("EXPOSE") == str(DEFAULT_PORT)
    assert f"haymow:{DEFAULT_PORT}\n" in TEXTS[DEPLOY / "haproxy.cfg"]
    assert [one["targetPort"] for one in named("Service")["spec"]["ports"]] == ["http"]
    assert named("PodMonitor")["spec"]["podMetricsEndpoints"][0]["port"] == "metrics"
    used = {port["port"] for rule in named("NetworkPolicy")["spec"]["ingress"] for port in rule["ports"]}
    assert used == {"http", "metrics"}


def test_whoever_selects_finds_the_servers_and_they_alone() -> None:
    spec = named("Deployment")["spec"]
    labels = spec["template"]["metadata"]["labels"]
    selectors = [named("Service")["spec"]["selector"], spec["selector"]["matchLabels"]]
    selectors += [named(kind)["spec"]["selector"]["matchLabels"] for kind in ("PodDisruptionBudget", "PodMonitor")]
    selectors += [one["labelSelector"]["matchLabels"] for one in pods()[0]["topologySpreadConstraints"]]
    assert all(one == labels for one in selectors)
    of_migration = named("Job")["spec"]["template"]["metadata"]["labels"]
    assert of_migration != labels
    of_network = named("NetworkPolicy")["spec"]["podSelector"]["matchLabels"].items()
    assert of_network <= labels.items() and of_network <= of_migration.items()  # the migration reaches PostgreSQL too


def test_a_stop_is_waited_for() -> None:
    def longest(environ: dict[str, str]) -> int:
        settings = settings_from(environ)
        assert settings.grace_seconds >= DEFAULT_CHAT_TIMEOUT  # a chat that has begun comes to its end
        return settings.drain_seconds + settings.grace_seconds

    assert longest(settings_file()) < pods()[0]["terminationGracePeriodSeconds"]
    environ = SERVICES["haymow"]["environment"]
    times = {name: environ[name] for name in ("HAYMOW_DRAIN_SECONDS", "HAYMOW_GRACE_SECONDS")}
    assert longest(times) < int(SERVICES["haymow"]["stop_grace_period"].removesuffix("s"))


def test_proxies_wait_longer_than_a_stream_may_be_silent() -> None:
    annotations = named("Ingress")["metadata"]["annotations"]
    assert annotations["nginx.ingress.kubernetes.io/proxy-buffering"] == "off"
    assert int(annotations["nginx.ingress.kubernetes.io/proxy-read-timeout"]) > DEFAULT_CHAT_TIMEOUT
    for side in ("client", "server"):
        (seconds,) = re.findall(rf"timeout {side} (\d+)s", TEXTS[DEPLOY / "haproxy.cfg"])
        assert int(seconds) > DEFAULT_CHAT_TIMEOUT


def test_there_are_two_servers_and_the_last_one_is_not_taken_away() -> None:
    scaling, budget = named("HorizontalPodAutoscaler")["spec"], named("PodDisruptionBudget")["spec"]
    assert "replicas" not in named("Deployment")["spec"]
    assert scaling["minReplicas"] > budget["maxUnavailable"] and SERVICES["haymow"]["deploy"]["replicas"] == 2
    assert scaling["scaleTargetRef"]["name"] == named("Deployment")["metadata"]["name"]
    assert (scaling["maxReplicas"] + 1) * 11 < 100  # PostgreSQL's max_connections, while one more starts


# Closed


def test_nothing_runs_as_root_or_writes_beside_its_volumes() -> None:
    user = int(_instruction("USER", last=True).partition(":")[0])
    for pod in pods():
        context, container = pod["securityContext"], pod["containers"][0]
        assert user == context["runAsUser"] == context["runAsGroup"] == context["fsGroup"] and context["runAsNonRoot"]
        assert context["seccompProfile"] == {"type": "RuntimeDefault"}
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]},
        }  # fmt: skip
        # A Service named haymow would set HAYMOW_PORT.
        assert pod["automountServiceAccountToken"] is pod["enableServiceLinks"] is False
    for service in SERVICES.values():
        assert service["read_only"] and service["cap_drop"] == ["ALL"]
        assert service["security_opt"] == ["no-new-privileges:true"] and service["deploy"]["resources"]["limits"]


def test_the_master_key_is_mounted_as_haymow_takes_it() -> None:
    pod = pods()[0]
    (mount,) = [one for one in pod["containers"][0]["volumeMounts"] if one["name"] == "master-key"]
    (volume,) = [one for one in pod["volumes"] if one["name"] == "master-key"]
    (file,) = [one["value"] for one in pod["containers"][0]["env"] if one["name"] == "HAYMOW_MASTER_KEY_FILE"]
    assert volume["secret"]["defaultMode"] == 0o440  # tests/server/secrets/test_master_key.py: root's, for one group
    kept = {one["metadata"]["name"]: one["stringData"] for _, one in documents() if one["kind"] == "Secret"}
    assert Path(file).name in kept[volume["secret"]["secretName"]] and str(Path(file).parent) == mount["mountPath"]


def test_secrets_that_were_left_as_they_are_stop_a_start() -> None:
    database, master = [one["stringData"] for _, one in documents() if one["kind"] == "Secret"]
    with pytest.raises(StartFailed, match="HAYMOW_DATABASE_URL"):
        settings_from({"HAYMOW_DATABASE_URL": database["url"]})
    with pytest.raises(StartFailed, match="no master key"):
        key_file.parsed(Hidden(master["master.key"].encode()), Path("master.key"))


def test_everything_is_installed_by_its_hash() -> None:
    installs = re.findall(r"pip\S*(?: --python \S+)? install (.*?)(?:&&|\n\n|\nARG|\nCOPY)", DOCKERFILE, re.DOTALL)
    assert len(installs) == 3
    assert all("--require-hashes" in one or "--no-index" in one for one in installs)
    pins = (ROOT / "requirements/image.txt").read_text()
    for package in ("psycopg==", "psycopg-binary==", "greenlet==", "opentelemetry-sdk==", "haystack-ai=="):
        assert f"\n{package}" in pins


def test_the_image_is_built_from_what_it_needs_alone() -> None:
    first, *others = [line for line in (ROOT / ".dockerignore").read_text().splitlines() if line[:1] not in ("", "#")]
    assert first == "*"
    assert all((ROOT / line[1:].partition("*")[0]).exists() for line in others if line.startswith("!"))


def test_the_versions_are_this_ones() -> None:
    tags = [image["newTag"] for _, one in documents() if one["kind"] == "Kustomization" for image in one["images"]]
    assert tags == [haymow.__version__] * 2
    assert {SERVICES[name]["image"] for name in ("haymow", "migrate")} == {f"haymow:{haymow.__version__}"}


def _instruction(name: str, *, last: bool = False) -> str:
    found = re.findall(rf"^{name} (.+)$", DOCKERFILE, re.MULTILINE)
    assert last or len(found) == 1
    return str(found[-1])

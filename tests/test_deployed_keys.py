"""Rotating a master key that is a Secret of Kubernetes, by the commands of the guide; only kubectl is missing."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import yaml

from haymow.server.secrets import key_file
from haymow.server.secrets.cipher import Hidden
from tests import databases
from tests.conftest import client_of
from tests.running import RunningServer, environment, running
from tests.server.archive.stock import KEY, chat, register
from tests.upstream import Upstream

ROOT = Path(__file__).parent.parent
GUIDE = (ROOT / "docs/operating.md").read_text().partition("### A master key in Kubernetes\n")[2].partition("\n## ")[0]
SECRET = "haymow-master-key"


class Pod:
    """A server's folder, and its master key as kubelet mounts a Secret: a link to a link, whose target is replaced."""

    def __init__(self, folder: Path, url: str) -> None:
        self.folder, self._versions = folder, 0
        for name in ("etc", "tmp", "bin"):
            (folder / name).mkdir(parents=True)
        shim = folder / "bin" / "haymow"
        shim.write_text(f'#!/bin/sh\nexec {sys.executable} -m haymow.cli.main "$@"\n')
        shim.chmod(0o700)
        self.environ = {
            "HAYMOW_DATABASE_URL": url,
            "HAYMOW_UNSAFE_STORAGE": "on",
            "HAYMOW_MASTER_KEY_FILE": str(folder / "etc" / "master.key"),
        }

    def mount(self, content: str) -> None:
        """Put another version of the Secret in the place of the one before."""
        self._versions += 1
        mount, version = self.folder / "etc", f"..version-{self._versions}"
        (mount / version).mkdir()
        (mount / version / "master.key").write_text(content)
        (mount / version / "master.key").chmod(0o400)
        (mount / "..next").symlink_to(version)
        (mount / "..next").replace(mount / "..data")
        if not (mount / "master.key").is_symlink():
            (mount / "master.key").symlink_to("..data/master.key")

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        """What `kubectl exec` would run in it; what is at the root of the image is in its folder."""
        within = [re.sub(r"/(etc/haymow|tmp)/", lambda at: f"{self.folder / at[1][:3]}/", word) for word in command]
        environ = environment(self.folder / "data", self.environ)
        environ["PATH"] = f"{self.folder / 'bin'}:{environ['PATH']}"
        return subprocess.run(within, env=environ, capture_output=True, text=True, timeout=60)

    def changed(self, how: str) -> str:
        """The guide's `changed`: the file that becomes the Secret."""
        (script,) = re.findall(r"-- sh -c '(.*?)' \"\$1\"", GUIDE, re.DOTALL)
        done = self.run("sh", "-c", script, how)
        assert done.returncode == 0, done.stderr
        assert list((self.folder / "tmp").iterdir()) == []
        return done.stdout


class Chats:
    """Asks each server for a model that was made just now, so that its secret is decrypted there."""

    def __init__(self, servers: list[RunningServer], upstream: Upstream) -> None:
        self._servers, self._upstream, self._token, self._models = servers, upstream, servers[0].token, 0
        with client_of(servers[0].url, self._token) as admin:
            self._workspace = admin.get("/api/v1/workspaces/default").json()["workspace_id"]
            secret = {"name": "OPENAI_API_KEY", "secret": KEY, "hosts": [upstream.url.removesuffix("/v1")]}
            assert admin.post("/api/v2/secrets", json=secret).status_code == 201

    def work(self) -> None:
        for server in self._servers:
            self._models += 1
            with client_of(server.url, self._token) as client:
                register(client, self._workspace, f"m-{self._models}", self._upstream.url)
            assert chat(server, self._token, f"m-{self._models}").status_code == 200


def keys_of(text: str) -> int:
    return len(key_file.parsed(Hidden(text.encode()), Path("master.key")))


def test_no_server_fails_while_the_guide_is_followed(tmp_path: Path) -> None:
    url, first = databases.postgresql().make("deployed_keys"), key_file.new_text()
    pods = [Pod(tmp_path / name, url) for name in ("one", "two")]
    for pod in pods:
        pod.mount(first)
    with ExitStack() as stack:
        upstream = stack.enter_context(Upstream())
        servers = [stack.enter_context(running(pod.folder / "data", more=pod.environ)) for pod in pods]
        chats = Chats(servers, upstream)
        work = chats.work

        work()
        too_soon = pods[0].run("haymow", "admin", "rotate-key")
        assert too_soon.returncode == 1 and "--prepare" in too_soon.stderr
        prepared = pods[0].changed("--prepare")
        assert keys_of(prepared) == 2
        for pod in pods:
            pod.mount(prepared)
            work()
        done = pods[0].run("haymow", "admin", "rotate-key")
        assert done.returncode == 0 and "(data keys: 1)" in done.stdout, done.stderr
        work()
        one = pods[1].changed("--forget-old")
        assert keys_of(one) == 1 and one not in first
        for pod in pods:
            pod.mount(one)
            work()
        assert servers[1].stop() == 0
        servers[1] = stack.enter_context(running(pods[1].folder / "data", more=pods[1].environ))
        work()
        assert {seen.headers["authorization"] for seen in upstream.seen} == {f"Bearer {KEY}"}


def test_what_the_guide_names_is_what_the_manifests_have() -> None:
    text = (ROOT / "deploy/kubernetes/deployment.yaml").read_text()
    deployment: Mapping[str, Any] = yaml.safe_load(text)
    pod = deployment["spec"]["template"]
    (container,) = pod["spec"]["containers"]
    (volume,) = [one["secret"] for one in pod["spec"]["volumes"] if one["name"] == "master-key"]
    mounts = {one["name"]: one["mountPath"] for one in container["volumeMounts"]}
    assert f"exec deployment/{deployment['metadata']['name']} --container {container['name']} --" in GUIDE
    assert f"create secret generic {volume['secretName']} --from-file=master.key" in GUIDE
    assert f"{mounts['master-key']}/master.key" in GUIDE and f"{mounts['tmp']}/rotating" in GUIDE
    ((label, value),) = re.findall(r"--selector (\S+)=(\S+)", GUIDE)
    assert pod["metadata"]["labels"][label] == value


def test_kubectl_makes_the_secret_that_is_mounted(tmp_path: Path) -> None:
    kubectl = shutil.which("kubectl")
    if kubectl is None:
        pytest.skip("there is no kubectl on this machine")
    (create,) = re.findall(r"kubectl (--namespace haymow create secret .*?) \|", GUIDE)
    (tmp_path / "master.key").write_text(key_file.new_text())
    done = subprocess.run([kubectl, *create.split()], cwd=tmp_path, capture_output=True, text=True, timeout=60,
                          env={"PATH": os.environ["PATH"], "HOME": str(tmp_path)})  # fmt: skip
    assert done.returncode == 0, done.stderr
    made = yaml.safe_load(done.stdout)
    assert (made["kind"], made["metadata"]["name"], list(made["data"])) == ("Secret", SECRET, ["master.key"])

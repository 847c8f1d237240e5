"""What deploy/ runs, at work: the alerts find their metrics, and a server needs its data folder alone."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from tests import databases
from tests.ports import free_port
from tests.running import RunningServer, running

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    port = str(free_port())
    more = {
        "HAYMOW_METRICS_PORT": port,
        "HAYMOW_DATABASE_URL": databases.postgresql().make("deployed"),  # it has metrics that a file has not
        "HAYMOW_UNSAFE_STORAGE": "on",
    }
    with running(tmp_path_factory.mktemp("deploy") / "data", more=more) as started:
        httpx.get(f"{started.url}/readyz").raise_for_status()
        yield RunningServer(f"http://127.0.0.1:{port}", "", "", started.data, started.process, started.log)


def test_the_alerts_are_about_metrics_that_there_are_and_as_the_guide_names_them(server: RunningServer) -> None:
    families = list(text_string_to_metric_families(httpx.get(f"{server.url}/metrics").text))
    known = {f"{one.name}{end}" for one in families for end in ("", "_total", "_bucket")} | {"up"}
    (group,) = yaml.safe_load((ROOT / "deploy/prometheus/alerts.yaml").read_text())["groups"]
    guide = (ROOT / "docs/operating.md").read_text().replace("\\|", "|").replace(" ", "")
    for rule in group["rules"]:
        names = set(re.findall(r"\b(haymow_\w+|process_\w+|up)\b(?!\s*[\"(])", rule["expr"]))
        assert names and names <= known
        assert re.sub(r"\s|\{job=~[^}]*\}", "", rule["expr"]) in guide


@pytest.mark.skipif(os.geteuid() != 0 or sys.platform != "linux", reason="only Linux's root can close a file system")
def test_it_runs_where_only_its_data_folder_can_be_written(tmp_path: Path) -> None:
    folder, port = tmp_path / "volume", free_port()
    folder.mkdir()
    closed = 'mount --bind "$0" "$0" && mount -o remount,ro,bind / && ! touch "$1" 2>/dev/null && shift && exec "$@"'
    serve = [sys.executable, "-m", "haymow.cli.main", "serve", "--port", str(port)]
    command = ["unshare", "--mount", "sh", "-c", closed, str(folder), str(tmp_path / "beside"), *serve]
    environ = {**os.environ, "HAYMOW_DATA": str(folder / "data"), "HAYMOW_DRAIN_SECONDS": "0", "TMPDIR": str(folder)}
    with subprocess.Popen(command, env=environ, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout and any("is ready at" in line for line in process.stdout)
            assert httpx.get(f"http://127.0.0.1:{port}/readyz").status_code == 200
        finally:
            process.terminate()
        assert process.wait(timeout=30) == 0

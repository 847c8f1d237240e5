"""Settings: read from the environment once, as a value; what cannot be meant is refused in one line."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from haymow.errors import StartFailed
from haymow.server.local import allowances
from haymow.server.settings import KEPT_OF_THE_ENVIRONMENT, settings_from

GUIDE = Path(__file__).parents[2] / "docs/operating.md"
SETTINGS_OF_THE_GUIDE = GUIDE.read_text().partition("| variable |")[2].partition("\n\n")[0]


def test_nothing_needs_to_be_set() -> None:
    settings = settings_from({})
    assert settings.data == Path("haymow-data").absolute()
    assert (settings.host, settings.port) == ("127.0.0.1", 8000)
    assert settings.key_file == settings.data / "master.key"
    assert settings.database_file.parent == settings.admin_socket.parent == settings.data


def test_what_is_set_counts_and_paths_do_not_move_with_the_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    environ = {"HAYMOW_DATA": "here", "HAYMOW_MASTER_KEY_FILE": "keys/k", "HAYMOW_HOST": "::1", "HAYMOW_PORT": "65535"}
    monkeypatch.chdir(tmp_path)
    settings = settings_from(environ)
    assert settings.data == tmp_path / "here"
    assert settings.key_file == tmp_path / "keys/k"
    assert (settings.host, settings.port) == ("::1", 65535)


@pytest.mark.parametrize("name", ["HAYMOW_DATA", "HAYMOW_MASTER_KEY_FILE", "HAYMOW_HOST", "HAYMOW_PORT"])
def test_an_empty_one_counts_as_unset(name: str) -> None:
    assert settings_from({name: ""}) == settings_from({})


@pytest.mark.parametrize("name", ["HAYMOW_PORT", "HAYMOW_LOCAL_MODEL_PORT"])
@pytest.mark.parametrize(
    "text", ["0", "65536", "-1", "+80", "80.0", "http", "8_000", " 80", "0x50", "\u0661\u0662", "9" * 5000]
)
def test_a_port_that_cannot_be_meant_is_refused_and_not_repeated(name: str, text: str) -> None:
    with pytest.raises(StartFailed) as caught:
        settings_from({name: text})
    default = 8000 if name == "HAYMOW_PORT" else 8421
    assert caught.value.message == (
        f"{name} is not a port. Set it to a number from 1 to 65535, or unset it for {default}."
    )


@pytest.mark.parametrize(("name", "service"), [("HAYMOW_PORT", "haymow"), ("HAYMOW_METRICS_PORT", "haymow-metrics")])
def test_what_kubernetes_sets_for_a_service_is_told_from_a_port_that_somebody_set(name: str, service: str) -> None:
    with pytest.raises(StartFailed) as caught:
        settings_from({name: "tcp://10.0.0.1:8000"})
    assert caught.value.message == (
        f"{name} is not a port but what Kubernetes sets in each pod where there is a Service named {service}. "
        f"Write enableServiceLinks: false into the pod's spec, or set {name} to a port."
    )


def test_what_stays_of_the_environment_names_no_key_no_host_and_no_proxy() -> None:
    """An allowlist: libraries of providers read hundreds of variables."""
    words = ("KEY", "TOKEN", "SECRET", "PROXY", "HOST", "URL", "PASS", "AWS", "AZURE", "OPENAI", "PYTHON", "LD_")
    assert [name for name in KEPT_OF_THE_ENVIRONMENT if any(word in name for word in words)] == []


@pytest.mark.parametrize("name", ["HAYMOW_CHAT_TIMEOUT", "HAYMOW_CALLS_PER_MODEL"])
@pytest.mark.parametrize("text", ["0", "-1", "1.5", "many", "1000000", "\u0661"])
def test_a_count_that_is_none_is_refused(name: str, text: str) -> None:
    with pytest.raises(StartFailed, match=name):
        settings_from({name: text})


def test_where_models_may_call_is_read() -> None:
    allowed = settings_from({"HAYMOW_EGRESS_ALLOW": "10.0.0.1:8000, llm.internal:*"}).egress_allow
    assert allowed == {("10.0.0.1", 8000), ("llm.internal", None)}
    with pytest.raises(StartFailed, match=r"HAYMOW_EGRESS_ALLOW .*host:port"):
        settings_from({"HAYMOW_EGRESS_ALLOW": "everywhere"})


def test_the_direct_lane_is_on_or_off() -> None:
    assert settings_from({}).direct_lane and not settings_from({"HAYMOW_DIRECT_LANE": "off"}).direct_lane
    with pytest.raises(StartFailed, match="HAYMOW_DIRECT_LANE"):
        settings_from({"HAYMOW_DIRECT_LANE": "maybe"})


def test_the_local_model_brings_its_own_port_and_ollamas() -> None:
    allowed = allowances(settings_from({"HAYMOW_LOCAL_MODEL_PORT": "9000"}))
    assert allowed == {("127.0.0.1", 9000), ("127.0.0.1", 11434), ("[::1]", 11434)}


LIMITS = ("REQUESTS_PER_TOKEN", "REQUESTS_PER_ORGANIZATION", "CHATS_PER_TOKEN", "CHATS_PER_ORGANIZATION")


def test_limits_are_none_unless_they_are_set() -> None:
    for environ in ({}, {f"HAYMOW_{name}": "0" for name in LIMITS}):
        settings = settings_from(environ)
        assert [getattr(settings, name.lower()) for name in LIMITS] == [0, 0, 0, 0]
    settings = settings_from({f"HAYMOW_{name}": str(number) for number, name in enumerate(LIMITS, 1)})
    assert [getattr(settings, name.lower()) for name in LIMITS] == [1, 2, 3, 4]


@pytest.mark.parametrize("name", LIMITS)
@pytest.mark.parametrize("text", ["-1", "1000000", "1.5", "many", " 1", "\u0661", "none"])
def test_a_limit_that_is_none_is_refused(name: str, text: str) -> None:
    with pytest.raises(StartFailed, match=f"HAYMOW_{name} is no limit"):
        settings_from({f"HAYMOW_{name}": text})


def test_a_misspelt_setting_is_named_with_the_one_that_may_be_meant_and_without_its_value() -> None:
    told = settings_from({"HAYMOW_EGRES_ALLOW": "canary:1", "HAYMOW_WINDOW": "canary", "HAYMOW_PORT": "80"}).unknown
    assert told == (
        "What is no setting of haymow's changes nothing: HAYMOW_EGRES_ALLOW (is HAYMOW_EGRESS_ALLOW meant?), "
        "HAYMOW_WINDOW."
    )


def test_nothing_is_said_of_settings_that_there_are_nor_of_what_is_others() -> None:
    names = re.findall(r"`(HAYMOW_[A-Z_]+)`", SETTINGS_OF_THE_GUIDE)
    assert len(names) >= 30
    known = {"HAYMOW_API_KEY": "of a pipeline", "HAYMOWER": "on", "haymow_port": "80", "OTEL_NONSENSE": "1"}
    assert settings_from({**dict.fromkeys(names, ""), **known}).unknown == ""

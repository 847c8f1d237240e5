"""What the operator decides, read once and passed on as one value."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from pathlib import Path
from typing import TypeVar

from haymow.egress import Allowance, MalformedAllowance, allowances
from haymow.errors import StartFailed
from haymow.generators.signatures import find
from haymow.server.outside import HEADERS, Malformed, Outside, networks, public_url

T = TypeVar("T")

AT_HOME = Outside()
"""Where clients reach haymow by whatever they write, and no proxy is believed."""

PAGE = Path(__file__).parent.parent / "ui"
"""Where the web page is built into: see `make setup`."""

DEFAULT_HOST = "127.0.0.1"
DEFAULT_PORT = 8000
DEFAULT_LOCAL_MODEL_PORT = 8421
DEFAULT_CHAT_TIMEOUT = 120
DEFAULT_CALLS_PER_MODEL = 1024
DEFAULT_DRAIN_SECONDS = 5
DEFAULT_GRACE_SECONDS = 15
LOGS = ("json", "text")
LOG_LEVELS = ("debug", "info", "warning", "error")
DEFAULT_DATABASE_CONNECTIONS = 8
OF_OTHERS = frozenset({"HAYMOW_API_KEY"})
"""What is read elsewhere: by a pipeline's component."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything haymow can be told; durations are in seconds, sizes in bytes.

    `log`, `log_level` and `access_log` are left open for what is usual where it runs: see `run.py`. `unknown` is a
    sentence about variables that look like settings and are none, such as misspelt ones.
    """

    data: Path = Path("haymow-data")
    database_url: str | None = field(default=None, repr=False)
    database_connections: int = DEFAULT_DATABASE_CONNECTIONS
    unsafe_storage: bool = False
    migrate: bool = True
    page: Path = PAGE
    master_key_file: Path | None = None
    host: str = DEFAULT_HOST
    port: int = DEFAULT_PORT
    local_model: bool = False
    local_model_port: int = DEFAULT_LOCAL_MODEL_PORT
    chat_timeout: float = DEFAULT_CHAT_TIMEOUT
    live_generators: int = 64
    calls_per_model: int = DEFAULT_CALLS_PER_MODEL
    egress_allow: frozenset[Allowance] = frozenset()
    direct_lane: bool = True
    unpoliced_generators: frozenset[str] = frozenset()
    start_link: bool = True
    log: str = ""
    log_level: str = ""
    access_log: bool | None = None
    outside: Outside = AT_HOME
    otel: Mapping[str, str] = field(default_factory=dict, repr=False)
    trace_upstream: bool = False
    metrics_host: str = DEFAULT_HOST
    metrics_port: int | None = None
    drain_seconds: int = DEFAULT_DRAIN_SECONDS
    grace_seconds: int = DEFAULT_GRACE_SECONDS
    requests_per_token: int = 0
    requests_per_organization: int = 0
    chats_per_token: int = 0
    chats_per_organization: int = 0
    unknown: str = ""

    @property
    def database_file(self) -> Path:
        return self.data / "haymow.db"

    @property
    def key_file(self) -> Path:
        return self.master_key_file or self.data / "master.key"

    @property
    def admin_socket(self) -> Path:
        return self.data / "admin.sock"


KEPT_OF_THE_ENVIRONMENT = ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR", "SSL_CERT_FILE", "SSL_CERT_DIR")


def read_environment() -> Settings:
    """The settings of this process. Raises StartFailed."""
    return settings_from(os.environ)


def forget_environment() -> None:
    """Libraries of providers look for keys, hosts and proxies in the environment: let there be none."""
    for name in set(os.environ) - set(KEPT_OF_THE_ENVIRONMENT):
        del os.environ[name]
    os.environ["HAYSTACK_TELEMETRY_ENABLED"] = "False"


def settings_from(environ: Mapping[str, str]) -> Settings:
    """Read `HAYMOW_*`. Raises StartFailed for a value that cannot be meant."""
    asked = _Asked(environ)
    return replace(_read_settings(asked), otel=_otel(environ), unknown=_unknown(environ, asked.names))


class _Asked(Mapping[str, str]):
    """An environment that remembers what it was asked for: those are the settings that there are."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        self.names: set[str] = set()

    def __getitem__(self, name: str) -> str:
        self.names.add(name)
        return self._environ[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._environ)

    def __len__(self) -> int:
        return len(self._environ)


def _unknown(environ: Mapping[str, str], known: set[str]) -> str:
    """A sentence about the variables that are misspelt; nothing is said of what they hold."""
    found = [name for name in sorted(environ) if name.startswith("HAYMOW_") and name not in known | OF_OTHERS]
    told = [
        f"{name} (is {near[0]} meant?)" if (near := get_close_matches(name, known, 1, 0.8)) else name for name in found
    ]
    return f"What is no setting of haymow's changes nothing: {', '.join(told)}." if told else ""


def _read_settings(environ: Mapping[str, str]) -> Settings:
    key_file = environ.get("HAYMOW_MASTER_KEY_FILE")
    return Settings(
        data=Path(environ.get("HAYMOW_DATA") or "haymow-data").absolute(),
        database_url=_database_url(environ, "HAYMOW_DATABASE_URL"),
        database_connections=_count(environ, "HAYMOW_DATABASE_CONNECTIONS", DEFAULT_DATABASE_CONNECTIONS),
        unsafe_storage=_switch(environ, "HAYMOW_UNSAFE_STORAGE", default=False),
        migrate=_switch(environ, "HAYMOW_MIGRATE", default=True),
        master_key_file=Path(key_file).absolute() if key_file else None,
        host=environ.get("HAYMOW_HOST") or DEFAULT_HOST,
        port=_port(environ, "HAYMOW_PORT", DEFAULT_PORT),
        local_model_port=_port(environ, "HAYMOW_LOCAL_MODEL_PORT", DEFAULT_LOCAL_MODEL_PORT),
        chat_timeout=_count(environ, "HAYMOW_CHAT_TIMEOUT", DEFAULT_CHAT_TIMEOUT),
        calls_per_model=_count(environ, "HAYMOW_CALLS_PER_MODEL", DEFAULT_CALLS_PER_MODEL),
        egress_allow=_allowances(environ, "HAYMOW_EGRESS_ALLOW"),
        direct_lane=_switch(environ, "HAYMOW_DIRECT_LANE", default=True),
        unpoliced_generators=_generators(environ, "HAYMOW_UNPOLICED_GENERATORS"),
        start_link=_switch(environ, "HAYMOW_START_LINK", default=True),
        log=_one_of(environ, "HAYMOW_LOG", LOGS),
        log_level=_one_of(environ, "HAYMOW_LOG_LEVEL", LOG_LEVELS),
        outside=_outside(environ),
        trace_upstream=_switch(environ, "HAYMOW_TRACE_UPSTREAM", default=False),
        metrics_host=environ.get("HAYMOW_METRICS_HOST") or DEFAULT_HOST,
        metrics_port=_port(environ, "HAYMOW_METRICS_PORT", 0) or None,
        drain_seconds=_seconds(environ, "HAYMOW_DRAIN_SECONDS", DEFAULT_DRAIN_SECONDS),
        grace_seconds=_seconds(environ, "HAYMOW_GRACE_SECONDS", DEFAULT_GRACE_SECONDS),
        access_log=_switch(environ, "HAYMOW_ACCESS_LOG", default=True) if environ.get("HAYMOW_ACCESS_LOG") else None,
        requests_per_token=_limit(environ, "HAYMOW_REQUESTS_PER_TOKEN"),
        requests_per_organization=_limit(environ, "HAYMOW_REQUESTS_PER_ORGANIZATION"),
        chats_per_token=_limit(environ, "HAYMOW_CHATS_PER_TOKEN"),
        chats_per_organization=_limit(environ, "HAYMOW_CHATS_PER_ORGANIZATION"),
    )


def _database_url(environ: Mapping[str, str], name: str) -> str | None:
    text = environ.get(name)
    return database_url_of(text, name) if text else None


def database_url_of(text: str, name: str, or_else: str = "unset it") -> str:
    """A URL as libpq reads it; what it holds is the driver's to judge, and may be a password. Raises StartFailed."""
    scheme, _, rest = text.partition("://")
    if scheme not in ("postgresql", "postgres") or not rest.partition("/")[2]:
        raise StartFailed(f"{name} cannot be read. Write postgresql://user:password@host:port/database, or {or_else}.")
    return f"postgresql://{rest}"


def _count(environ: Mapping[str, str], name: str, default: int) -> int:
    text = environ.get(name)
    if not text:
        return default
    if len(text) > 6 or not text.isascii() or not text.isdigit() or int(text) == 0:
        raise StartFailed(f"{name} is no count. Set it to a whole number from 1 to 999999, or unset it for {default}.")
    return int(text)


def _seconds(environ: Mapping[str, str], name: str, default: int) -> int:
    """A duration that may be none at all."""
    return 0 if environ.get(name) == "0" else _count(environ, name, default)


def _limit(environ: Mapping[str, str], name: str) -> int:
    text = environ.get(name) or "0"
    if len(text) > 6 or not text.isascii() or not text.isdigit():
        raise StartFailed(f"{name} is no limit. Set it to a whole number up to 999999, or to 0 for none.")
    return int(text)


def _allowances(environ: Mapping[str, str], name: str) -> frozenset[Allowance]:
    try:
        return allowances(environ.get(name) or "")
    except MalformedAllowance as error:
        raise StartFailed(f"{name} cannot be read. {error}") from error


def _otel(environ: Mapping[str, str]) -> Mapping[str, str]:
    """What OpenTelemetry's SDK is told, where it is told to send traces anywhere; else nothing."""
    found = {name: value for name, value in environ.items() if name.startswith("OTEL_") and value}
    named = any(f"OTEL_EXPORTER_OTLP_{part}ENDPOINT" in found for part in ("", "TRACES_"))
    off = found.get("OTEL_SDK_DISABLED", "").lower() == "true" or found.get("OTEL_TRACES_EXPORTER", "otlp") == "none"
    if not named or off:
        return {}
    protocol = found.get("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL") or found.get("OTEL_EXPORTER_OTLP_PROTOCOL")
    if protocol not in (None, "http/protobuf"):
        raise StartFailed("haymow sends traces by http/protobuf alone. Unset OTEL_EXPORTER_OTLP_PROTOCOL.")
    return found


@contextmanager
def in_environment(variables: Mapping[str, str]) -> Iterator[None]:
    """The process's environment has these for as long as the block runs: for a library that reads nothing else."""
    os.environ.update(variables)
    try:
        yield
    finally:
        for name in variables:
            os.environ.pop(name, None)


def _outside(environ: Mapping[str, str]) -> Outside:
    return Outside(
        _read(environ, "HAYMOW_PUBLIC_URL", public_url),
        _read(environ, "HAYMOW_TRUSTED_PROXIES", networks) or (),
        _one_of(environ, "HAYMOW_FORWARDED_HEADER", HEADERS) or HEADERS[0],
    )


def _read(environ: Mapping[str, str], name: str, read: Callable[[str], T]) -> T | None:
    text = environ.get(name)
    try:
        return read(text) if text else None
    except Malformed as error:
        raise StartFailed(f"{name} cannot be read. {error}") from error


def _generators(environ: Mapping[str, str], name: str) -> frozenset[str]:
    """Class names of generators, separated by commas."""
    names = [part.strip() for part in (environ.get(name) or "").split(",") if part.strip()]
    if any(find(one) != one for one in names):
        raise StartFailed(
            f"{name} holds a name that is no generator's. Write class names, such as WatsonxChatGenerator."
        )
    return frozenset(names)


def _switch(environ: Mapping[str, str], name: str, *, default: bool) -> bool:
    text = environ.get(name) or ("on" if default else "off")
    if text not in ("on", "off"):
        raise StartFailed(f"{name} is neither on nor off. Set it to one of them, or unset it.")
    return text == "on"


def _one_of(environ: Mapping[str, str], name: str, choices: Sequence[str]) -> str:
    """One of some words; "" where nothing is set, which is for whoever uses it to decide."""
    text = environ.get(name) or ""
    if text and text not in choices:
        raise StartFailed(f"{name} is none of {', '.join(choices)}. Set it to one of them, or unset it.")
    return text


def _port(environ: Mapping[str, str], name: str, default: int) -> int:
    text = environ.get(name)
    if not text:
        return default
    if text.startswith(("tcp://", "udp://")):
        raise StartFailed(_of_kubernetes(name))
    if len(text) > 5 or not text.isascii() or not text.isdigit() or not 0 < int(text) < 65536:
        otherwise = f"for {default}" if default else "for none"
        raise StartFailed(f"{name} is not a port. Set it to a number from 1 to 65535, or unset it {otherwise}.")
    return int(text)


def _of_kubernetes(name: str) -> str:
    service = name.removesuffix("_PORT").lower().replace("_", "-")
    return (
        f"{name} is not a port but what Kubernetes sets in each pod where there is a Service named {service}. "
        f"Write enableServiceLinks: false into the pod's spec, or set {name} to a port."
    )

"""The parameters only an administrator may set: what of them is safe at all.

They hand free-form settings to HTTP and AWS clients, among them proxies, certificates, transports and credentials.
Only the settings named here are accepted; everything else gets one and the same answer, whatever it was, so that the
answer tells nothing of the server (whether a file exists, for one).
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from typing import Final

_HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,64}")
_HEADER_VALUE = re.compile(r"[!-~]([ -~]{0,254}[!-~])?")
# Names that carry credentials, or that the HTTP client and the proxies on the way act upon.
_HEADER_NAMES_REFUSED = re.compile(
    r"auth|cookie|key|token|secret|passw|credential|session|signature|metadata|forward|proxy|-ip$|^via$|^host$"
    r"|^content-|^transfer-|^accept-encoding$|^connection$|^keep-alive$|^te$|^trailer|^upgrade|^expect$|^x-http-",
    re.IGNORECASE,
)
_CREDENTIAL = re.compile(
    r"(bearer|basic|token|apikey)\s|(sk|pk|rk|hf|gh[a-z]|glpat|xox[a-z])[-_]|AKIA|ASIA|AIza|eyJ", re.IGNORECASE
)
_MAX_HEADERS = 20

MESSAGES: Final = {
    "http_client_kwargs": "Only `timeout` (seconds), `limits` (max_connections, max_keepalive_connections, "
    "keepalive_expiry) and `headers` without credentials are accepted here.",
    "boto3_config": "Only `connect_timeout`, `read_timeout`, `max_pool_connections`, `tcp_keepalive` and `retries` "
    "(max_attempts, total_max_attempts, mode) are accepted here.",
    "extra_headers": "Only plain headers without credentials are accepted here: name a secret for a key.",
    "default_headers": "Only plain headers without credentials are accepted here: name a secret for a key.",
}


def is_safe(parameter: str, value: object) -> bool:
    """Whether the value of an administrator's parameter holds nothing but settings known to be harmless."""
    return _CHECKS[parameter](value)


def is_header_text(value: object) -> bool:
    """Whether a text may be sent as a header's value: visible ASCII, no credential by its looks."""
    return isinstance(value, str) and bool(_HEADER_VALUE.fullmatch(value)) and not _CREDENTIAL.match(value)


def _is_headers(value: object) -> bool:
    if not isinstance(value, Mapping) or len(value) > _MAX_HEADERS:
        return False
    return all(_is_header_name(name) and is_header_text(text) for name, text in value.items())


def _is_header_name(name: object) -> bool:
    return isinstance(name, str) and bool(_HEADER_NAME.fullmatch(name)) and not _HEADER_NAMES_REFUSED.search(name)


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and 0 < value < 1e9 and math.isfinite(value)


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 1_000_000


def _is_flag(value: object) -> bool:
    return isinstance(value, bool)


def _is_retry_mode(value: object) -> bool:
    return value in ("legacy", "standard", "adaptive")


def _only(fields: Mapping[str, Callable[[object], bool]]) -> Callable[[object], bool]:
    def check(value: object) -> bool:
        if not isinstance(value, Mapping) or not value.keys() <= fields.keys():
            return False
        return all(fields[key](item) for key, item in value.items())

    return check


_LIMITS = {"max_connections": _is_count, "max_keepalive_connections": _is_count, "keepalive_expiry": _is_number}
_RETRIES = {"max_attempts": _is_count, "total_max_attempts": _is_count, "mode": _is_retry_mode}
_CHECKS: Final[dict[str, Callable[[object], bool]]] = {
    "http_client_kwargs": _only({"timeout": _is_number, "limits": _only(_LIMITS), "headers": _is_headers}),
    "boto3_config": _only(
        {
            "connect_timeout": _is_number,
            "read_timeout": _is_number,
            "max_pool_connections": _is_count,
            "tcp_keepalive": _is_flag,
            "retries": _only(_RETRIES),
        }
    ),
    "extra_headers": _is_headers,
    "default_headers": _is_headers,
}

"""The one table from what went wrong to what HTTP calls it, and the problem that says so (RFC 9457)."""

from __future__ import annotations

from dataclasses import asdict
from http import HTTPStatus
from typing import Any

from starlette.responses import Response

from haymow.errors import (
    Conflict,
    Denied,
    Fault,
    HaymowError,
    InFlight,
    Invalid,
    Malformed,
    NotFound,
    PreconditionFailed,
    Quota,
    RateLimited,
    TooLarge,
    TooSlow,
    Unauthenticated,
    Unavailable,
    UnsupportedMedia,
    UpstreamFailed,
)
from haymow.server.http.answers import encoded

MOST_FAULTS = 50

STATUSES: dict[type[HaymowError], int] = {
    Malformed: 400,
    Unauthenticated: 401,
    Denied: 403,
    NotFound: 404,
    TooSlow: 408,
    Conflict: 409,
    PreconditionFailed: 412,
    TooLarge: 413,
    UnsupportedMedia: 415,
    Invalid: 422,
    RateLimited: 429,
    UpstreamFailed: 502,
    Unavailable: 503,
}

# What HTTP itself refuses, before any room is asked: code -> status.
STATUSES_BY_CODE = {
    "method_not_allowed": 405,
    "not_acceptable": 406,
    "uri_too_long": 414,
    "headers_too_large": 431,
    "upstream_timeout": 504,
}


# Seconds after which to try again what is 503, where the error does not say: code -> seconds, else 1.
RETRY_AFTER = {
    "overloaded": 2,
    "secret_unreadable": 60,  # until somebody has entered it again
    "stopping": 5,  # until another one has started
    "storage_failed": 5,
    "storage_full": 30,  # until somebody has made room
}


def status_of(error: HaymowError) -> int:
    """The status of an error; one that is not in the table is our mistake and a 500."""
    if error.code in STATUSES_BY_CODE:
        return STATUSES_BY_CODE[error.code]
    return next((STATUSES[kind] for kind in type(error).__mro__ if kind in STATUSES), 500)


def problem(error: HaymowError, request_id: str, prefix: str = "") -> Response:
    """`application/problem+json` for an error, with the headers its status calls for.

    `prefix` is what stands before haymow's own addresses.
    """
    status = status_of(error)
    content = {
        "type": f"{prefix}/errors/{error.code}",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": error.message,
        "code": error.code,
        "request_id": request_id,
        "message": error.message,
        "details": details(error),
    }
    return Response(encoded(content), status, headers_of(error), media_type="application/problem+json")


def details(error: HaymowError) -> list[dict[str, Any]]:
    """Every fault of an error, at most MOST_FAULTS."""
    faults: tuple[Fault, ...] = getattr(error, "faults", ())
    return [asdict(fault) for fault in faults[:MOST_FAULTS]]


def headers_of(error: HaymowError) -> dict[str, str]:
    """The headers an error brings: how to authenticate, when to try again, what is accepted."""
    if isinstance(error, Unauthenticated):
        return {"www-authenticate": 'Bearer realm="haymow"'}
    if isinstance(error, RateLimited | Unavailable | InFlight):
        wait = RETRY_AFTER.get(error.code, 1) if error.retry_after is None else max(1, error.retry_after)
        quota = error.quota if isinstance(error, RateLimited) else None
        return {"retry-after": str(wait), **(_used_up(quota, wait) if quota else {})}
    if isinstance(error, UnsupportedMedia):
        return {error.accept[0]: error.accept[1]}
    return {}


def _used_up(quota: Quota, wait: int) -> dict[str, str]:
    """A quota of which there is nothing for so many seconds (draft-ietf-httpapi-ratelimit-headers-11)."""
    name = f'"{quota.name}"'
    if quota.seconds is None:  # nobody knows when one of those that are under way will end
        return {"ratelimit-policy": f'{name};q={quota.most};qu="concurrent-requests"', "ratelimit": f"{name};r=0"}
    return {"ratelimit-policy": f"{name};q={quota.most};w={quota.seconds}", "ratelimit": f"{name};r=0;t={wait}"}


# What a person reads at /errors/{code}; a test holds that every code haymow raises is here.
EXPLANATIONS = {
    "blocked_by_policy": "The operator lets no model call this address. HAYMOW_EGRESS_ALLOW names what may be called.",
    "client_gone": "The client went away before its answer was whole. Only haymow's log says so.",
    "conflict": "What is stored stands in the way of this change.",
    "conflicting_parameters": "Two of the parameters' names mean the same to the model's generator. Leave one out.",
    "cross_site": "A session of the page is used by that page alone. Elsewhere, send an API token.",
    "email_taken": "Another user has this e-mail address.",
    "forbidden": "You may see this, and may not do that to it. Ask an administrator for the role it needs.",
    "headers_too_large": "The request's headers are larger than 32 KiB, or more than 100.",
    "idempotency_in_flight": "A request with this Idempotency-Key is being answered. Wait as Retry-After says.",
    "idempotency_key_reused": "An Idempotency-Key names one request. Use a new key for another body.",
    "idempotency_keys_used_up": "A user's Idempotency-Keys are 5,000 in 24 hours at most. Send requests without one.",
    "idempotency_not_kept": "The request was answered, with more than is kept. Make it again under a new key.",
    "incompatible": "This haymow cannot run the model's generator; the message says what to install or change.",
    "internal": "haymow failed in a way nobody expected. Its log has the request_id.",
    "invalid": "The request was read and is refused. `details` names every fault.",
    "invalid_model": "The definition is refused. `details` names every fault by its JSON Pointer.",
    "last_admin": "An organization keeps at least one administrator. Make another one first.",
    "link_used": "A sign-in link works once, for 24 hours. `haymow admin link` makes another one.",
    "malformed": "The request cannot be read: its JSON or one of its headers is broken.",
    "malformed_host": "The Host header is missing, doubled or malformed.",
    "malformed_id": "An id in the address is not a UUID.",
    "master_key_missing": "This server's key file has not got the key that secrets are under. Tell its operator.",
    "method_not_allowed": "The address exists and does not allow this method. The Allow header lists those it does.",
    "missing_secret": "The model needs a secret that is not there, or that may not be sent where the model calls.",
    "model_busy": "The model answers as many calls at once as it may. Try again after Retry-After seconds.",
    "model_not_found": "There is no such model here, or you may not see it.",
    "name_taken": "The workspace or organization already has a model whose name counts as the same.",
    "not_acceptable": "haymow answers application/json, and the Accept header excludes that.",
    "not_found": "There is nothing at this address.",
    "own_role": "Nobody changes their own role. Ask another administrator.",
    "outcome_unknown": "The storage went away while haymow saved: it may have changed. Look before you try again.",
    "overloaded": "More is being asked for than haymow can do. Try again after Retry-After seconds.",
    "precondition_failed": "If-Match names a revision that is not the newest. Read the model again.",
    "rate_limited": "Too many calls. Wait as long as Retry-After says.",
    "refused_parameter": "A chat may not set this parameter.",
    "request_timeout": "The body did not arrive in time.",
    "revision_not_found": "The model has no revision of this number.",
    "revision_not_reached": "The model has no revision as new as `min_revision` here. Read it without, and look.",
    "scope_too_wide": "A token never has more than the one who makes it.",
    "secret_in_use": "Models use this secret. Change or delete them first, or delete it with force=true.",
    "secret_name_taken": "There is already a secret of this name. Enter its new value with PUT.",
    "secret_not_found": "There is no such secret here, or you may not see it.",
    "secret_unreadable": "A secret's stored value cannot be decrypted with this master key. Enter its value again.",
    "session_ended": "The session of the page is over. Sign in again.",
    "stale": "It changed while this was decided. Try again.",
    "still_leaving": "The person was removed, and their tokens are still being taken away. Add them again after that.",
    "stopping": "This haymow is about to stop. It answers what comes still; send the next request elsewhere.",
    "storage_failed": "haymow's storage does not answer as it should. Nothing was changed.",
    "storage_full": "haymow's disk is full. Nothing was changed; reading goes on.",
    "token_expired": "The API token has expired. Make a new one.",
    "token_not_found": "There is no such token, or it is not yours.",
    "too_large": "The body is larger than 1 MiB.",
    "too_many_chats": "A token or an organization has as many chats at once as it may. Try again when one has ended.",
    "unauthenticated": "Send a valid API token as `Authorization: Bearer TOKEN`.",
    "unavailable": "haymow cannot do this now. Try again after Retry-After seconds.",
    "unsupported_media_type": "Send the body as application/json, without a Content-Encoding.",
    "unsupported_parameter": "The model's generator does not take this parameter.",
    "upstream_credentials": "The provider refuses the model's credentials. Enter the secret's value again.",
    "upstream_failed": "The provider failed. Try again later.",
    "upstream_malformed": "The provider answered something that is no chat completion.",
    "upstream_model_not_found": "The provider has no such model at this address. Check the definition.",
    "upstream_rate_limited": "The provider asks for fewer calls. Wait as long as Retry-After says.",
    "upstream_rejected": "The provider refuses the call as it is. Check the definition and the parameters.",
    "upstream_timeout": "The provider did not answer in time.",
    "upstream_unreachable": "The provider cannot be reached.",
    "uri_too_long": "The address is longer than 8 KiB.",
    "user_not_found": "There is no such user in your organization.",
    "workspace_name_taken": "There is already a workspace whose name counts as the same.",
    "workspace_not_empty": "The workspace still has models or secrets.",
    "workspace_not_found": "There is no such workspace, or you may not see it.",
}

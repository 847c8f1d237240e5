"""HTTP of the page's sessions."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from haymow.errors import Fault, Invalid
from haymow.server.access import rules
from haymow.server.access.routes import COOKIE, is_secret_text, me, session_cookie, source_of
from haymow.server.access.rules import Kind, Principal
from haymow.server.access.sessions import Begun, Sessions
from haymow.server.http import Call, Operation, empty, json_answer
from haymow.server.http.sites import came_by_https, check_site, outside_of
from haymow.server.limits.service import Limits
from haymow.server.receipts.once import begin
from haymow.server.receipts.service import Receipts
from haymow.wire import access as wire


@dataclass(frozen=True)
class SessionRoutes:
    """Signing in and out. Neither needs a token, and both are for haymow's own page alone."""

    sessions: Sessions
    receipts: Receipts
    limits: Limits

    def operations(self) -> list[Operation]:
        """Everything these routes answer."""
        path, elsewhere = "/api/v2/session", "The request does not come from haymow's own page."
        return [
            Operation("POST", path, self.sign_in, "Sign In",
                      "Begins a session of the page by a token or a sign-in link's code, and sets its cookie.",
                      body=wire.SignIn, answer=wire.Me, status=201, public=True,
                      errors={401: "The token is not valid, or the link was used.", 403: elsewhere,
                              429: "Too many attempts from this address failed, or the token's limit is used up."}),
            Operation("DELETE", path, self.sign_out, "Sign Out", "Ends the session, and removes its cookie.",
                      status=204, public=True, errors={403: elsewhere}),
        ]  # fmt: skip

    async def sign_in(self, call: Call[Any]) -> Response:
        check_site(call.request)
        text, kind = _proof(await call.body(wire.SignIn))
        source, before = source_of(call.request), session_cookie(call.request)
        async with self.sessions.attempt(source):
            beginning = await self.sessions.beginning(text, kind, source, before)
            await self.limits.request(beginning.actor)
            once = await begin(self.receipts, call, beginning.actor)
            unit = once.unit(beginning.unit, partial(self._signed_in, call.request))
            return await self.sessions.access.change(unit)

    async def sign_out(self, call: Call[Any]) -> Response:
        check_site(call.request)
        if (cookie := session_cookie(call.request)) is not None:
            await self.sessions.end(cookie, source_of(call.request))
        response = empty()
        self._set_cookie(call.request, response, "", 0)
        return response

    def _signed_in(self, request: Request, begun: Begun) -> Response:
        response = json_answer(me(begun.principal, begun.standing), 201)
        self._set_cookie(request, response, begun.cookie, self._seconds_left(begun.principal))
        return response

    def _seconds_left(self, principal: Principal) -> int:
        assert principal.expires_at is not None  # a session ends
        return math.ceil((principal.expires_at - self.sessions.access.now()).total_seconds())

    def _set_cookie(self, request: Request, response: Response, value: str, seconds: int) -> None:
        path = outside_of(request).prefix or "/"
        response.set_cookie(
            COOKIE, value, max_age=seconds, path=path, secure=came_by_https(request), httponly=True, samesite="strict"
        )


def _proof(body: wire.SignIn) -> tuple[str, Kind]:
    match body.token, body.code:
        case str(token), None:
            return _checked(token, Kind.TOKEN), Kind.TOKEN
        case None, str(code):
            return _checked(code, Kind.LINK), Kind.LINK
    message = "Give either a token or the code of a sign-in link."
    raise Invalid(message, [Fault("#", "token_or_code", message)])


def _checked(text: str, kind: Kind) -> str:
    text = text.strip()
    if not text or not is_secret_text(text):
        raise rules.unknown(kind)
    return text

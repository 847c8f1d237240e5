"""HTTP of API tokens."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from starlette.responses import Response

from haymow.server.access.pages import cursor_of
from haymow.server.access.rules import Principal, Token, role_named
from haymow.server.access.tokens import NewToken, Tokens
from haymow.server.http import Call, Operation, empty, json_answer
from haymow.server.receipts.once import begin
from haymow.server.receipts.service import Receipts
from haymow.wire import access as wire

C = Call[Principal]


@dataclass(frozen=True)
class TokenRoutes:
    """Tokens of the caller; an administrator's list has everyone's."""

    tokens: Tokens
    receipts: Receipts

    def operations(self) -> list[Operation]:
        """Everything these routes answer."""
        path = "/api/v2/tokens"
        return [
            Operation("GET", path, self.list, "List Tokens", "Your API tokens, without the tokens.",
                      query=wire.TokenListQuery, answer=wire.TokenList),
            Operation("POST", path, self.create, "Create Token", "A new API token; its text is answered this once.",
                      body=wire.CreateToken, answer=wire.CreatedToken, status=201,
                      errors={403: "A token never has more than its owner."}),
            Operation("DELETE", path + "/{token_id}", self.revoke, "Revoke Token", "Ends a token at once.",
                      status=204, errors={404: "There is no token with this ID."}),
        ]  # fmt: skip

    async def list(self, call: C) -> Response:
        query = call.query(wire.TokenListQuery)
        page = await self.tokens.list(call.principal, query.after, query.limit)
        next_cursor = cursor_of(page.rows[-1]) if page.has_more else None
        data = [_token(token) for token in page.rows]
        return json_answer({"data": data, "has_more": page.has_more, "total": page.total, "next_cursor": next_cursor})

    async def create(self, call: C) -> Response:
        body = await call.body(wire.CreateToken)
        role = role_named(body.role) if body.role else None
        wanted = NewToken(body.name, role, body.workspace_id, body.expires_at, body.user_id)
        # Only who could make the token now is given the one that was made: a receipt is of a user, not of a token.
        create = await self.tokens.creating(call.principal, wanted)
        once = await begin(self.receipts, call, call.principal.actor, body.workspace_id)
        return await self.tokens.access.change(once.unit(create, _created))

    async def revoke(self, call: C) -> Response:
        await self.tokens.revoke(call.principal, call.id("token_id"))
        return empty()


def _created(made: tuple[Token, str]) -> Response:
    token, text = made
    return json_answer({**_token(token), "token": text}, 201)


def _token(token: Token) -> dict[str, Any]:
    return {
        "token_id": token.token_id,
        "user_id": token.user_id,
        "name": token.name,
        "prefix": token.prefix,
        "role": token.role.word,
        "workspace_id": token.workspace_id,
        "created_at": token.created_at,
        "expires_at": token.expires_at,
    }

"""HTTP of secrets: values go in, names and hosts come out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from starlette.responses import Response

from haymow.errors import Fault, Invalid
from haymow.server.access.rules import Principal, Role, require
from haymow.server.access.service import Access
from haymow.server.http import Call, Operation, empty, json_answer
from haymow.server.receipts.once import begin
from haymow.server.receipts.service import Receipts
from haymow.server.secrets.rules import Listing, Page, Secret, SecretScope, SecretValue, Use, entered
from haymow.server.secrets.service import Secrets
from haymow.wire import secrets as wire

C = Call[Principal]

_ORGANIZATION = "/api/v2/secrets"
_WORKSPACE = "/api/v2/workspaces/{workspace_id}/secrets"
_NO_SECRET = "There is no secret with this ID here."
_MOST_USES = 100


@dataclass(frozen=True)
class SecretRoutes:
    """Secrets of the organization, and of a workspace."""

    service: Secrets
    access: Access
    receipts: Receipts

    def operations(self) -> list[Operation]:
        """Everything these routes answer."""
        return [*self._operations("Organization", _ORGANIZATION), *self._operations("Workspace", _WORKSPACE)]

    def _operations(self, whose: str, path: str) -> list[Operation]:
        seen = " and of the organization" if whose == "Workspace" else ""
        of, one = f"of the {whose.lower()}", path + "/{secret_id}"
        return [
            Operation("GET", path, self.list, f"List {whose} Secrets",
                      f"The secrets {of}{seen}, without their values.",
                      query=wire.SecretListQuery, answer=wire.SecretList),
            Operation("POST", path, self.create, f"Create {whose} Secret",
                      f"A new secret {of}. Its value is encrypted, and no answer ever holds it.",
                      body=wire.CreateSecret, answer=wire.Secret, status=201,
                      errors={409: "A secret with this name already exists."}),
            Operation("GET", one, self.read, f"Read {whose} Secret", "A secret without its value.",
                      answer=wire.Secret, errors={404: _NO_SECRET}),
            Operation("GET", one + "/uses", self.uses, f"List {whose} Secret Uses",
                      "The models that use a secret: look at them before you replace or delete it.",
                      answer=wire.SecretUseList, errors={404: _NO_SECRET}),
            Operation("PUT", one, self.replace, f"Replace {whose} Secret",
                      "Enters a new value, and with it the hosts it may be sent to.",
                      body=wire.ReplaceSecret, answer=wire.Secret, errors={404: _NO_SECRET}),
            Operation("DELETE", one, self.delete, f"Delete {whose} Secret",
                      "Deletes a secret that no model uses; with `force=true` also one that is in use.",
                      query=wire.DeleteSecretQuery, status=204,
                      errors={404: _NO_SECRET, 409: "Models use the secret; the message names them."}),
        ]  # fmt: skip

    async def list(self, call: C) -> Response:
        scope = await self._listed(call)
        query = call.query(wire.SecretListQuery)
        if query.before and query.after:
            fault = Fault("#/query/after", "two_cursors", "Send `before` or `after`, not both.")
            raise Invalid("The request is invalid.", [fault])
        listing = Listing(query.limit, query.field, query.order == "DESC", query.before, query.after)
        return json_answer(_list(await self.service.page(scope, listing)))

    async def create(self, call: C) -> Response:
        scope, role = await self._scope(call)
        require(role, Role.EDITOR)
        body = await call.body(wire.CreateSecret)
        value = entered(SecretValue(body.secret.get_secret_value()), body.hosts, name=body.name)
        once = await begin(self.receipts, call, call.principal.actor, scope.workspace_id)
        create = self.service.creating(call.principal.actor, scope, body.name, value)
        return await self.service.write(once.unit(create, lambda made: _created(scope, made)))

    async def read(self, call: C) -> Response:
        secret_id = call.ids(*call.request.path_params)[-1]
        scope, _ = await self._scope(call)
        return json_answer(_secret(await self.service.get(scope, secret_id)))

    async def uses(self, call: C) -> Response:
        secret_id = call.ids(*call.request.path_params)[-1]
        scope, _ = await self._scope(call)
        uses = await self.service.uses(scope, secret_id, call.principal.sees, _MOST_USES)
        data = [_use(use, scope) for use in uses.first]
        return json_answer({"data": data, "has_more": uses.seen > len(data), "total": uses.total})

    async def replace(self, call: C) -> Response:
        scope, secret = await self._own(call)
        body = await call.body(wire.ReplaceSecret)
        value = entered(SecretValue(body.secret.get_secret_value()), body.hosts)
        new = await self.service.replace(call.principal.actor, scope, secret.ref.secret_id, value)
        return json_answer(_secret(new))

    async def delete(self, call: C) -> Response:
        scope, secret = await self._own(call)
        query = call.query(wire.DeleteSecretQuery)
        await self.service.delete(call.principal.actor, scope, secret.ref.secret_id, query.force, call.principal.sees)
        return empty()

    async def _own(self, call: C) -> tuple[SecretScope, Secret]:
        """The secret to be changed: one the scope itself keeps. Raises Invalid, NotFound, then Denied."""
        secret_id = call.ids(*call.request.path_params)[-1]
        scope, role = await self._scope(call)
        secret = await self.service.own(scope, secret_id)
        require(role, Role.EDITOR)
        return scope, secret

    async def _scope(self, call: C) -> tuple[SecretScope, Role]:
        """Whose secrets the address means, and the caller's role there. Raises Invalid, NotFound, Denied."""
        if "workspace_id" not in call.request.path_params:
            return SecretScope(call.principal.organization_id), call.principal.role_in_organization()
        workspace, role = await self.access.workspace(call.principal, call.id("workspace_id"))
        return SecretScope(workspace.organization_id, workspace.workspace_id), role

    async def _listed(self, call: C) -> SecretScope:
        """The same for a list, whose workspace the platform's clients name instead of giving its id."""
        try:
            scope, _ = await self._scope(call)
            return scope
        except Invalid:
            name = call.request.path_params["workspace_id"]
            workspace, _ = await self.access.workspace_named(call.principal, name)
            return SecretScope(workspace.organization_id, workspace.workspace_id)


def _address(scope: SecretScope, secret: Secret) -> str:
    path = _ORGANIZATION if scope.workspace_id is None else _WORKSPACE.format(workspace_id=scope.workspace_id)
    return f"{path}/{secret.ref.secret_id}"


def _created(scope: SecretScope, made: Secret) -> Response:
    return json_answer(_secret(made), 201, {"location": _address(scope, made)})


def _list(page: Page) -> dict[str, Any]:
    return {"data": [_secret(secret) for secret in page.secrets], "has_more": page.has_more, "total": page.total}


def _use(use: Use, scope: SecretScope) -> dict[str, Any]:
    workspace_id = None if use.scope_id == scope.organization_id else use.scope_id
    return {"model_id": use.model_id, "name": use.name, "workspace_id": workspace_id}


def _secret(secret: Secret) -> dict[str, Any]:
    return {
        "name": secret.ref.name,
        "secret_id": secret.ref.secret_id,
        "hosts": secret.ref.hosts,
        "version": secret.ref.version,
        "origin": secret.origin,
        "created_at": secret.created_at,
        "updated_at": secret.updated_at,
    }

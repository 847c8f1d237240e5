"""HTTP of provider integrations, as the platform's clients ask for them, and of the known providers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from starlette.responses import Response

from haymow.catalog import providers
from haymow.server.access.rules import Principal, Role, require
from haymow.server.http import Call, Operation, empty, json_answer
from haymow.server.receipts.once import begin
from haymow.server.receipts.service import Receipts
from haymow.server.secrets.integrations import Integration, Integrations, require_known
from haymow.server.secrets.rules import Entered, SecretValue, entered
from haymow.wire import generators as wire_generators
from haymow.wire import secrets as wire

C = Call[Principal]

_PATH = "/api/v1/model_registry_tokens"


@dataclass(frozen=True)
class IntegrationRoutes:
    """Integrations by their provider's slug; the list names only those that the platform's clients know."""

    integrations: Integrations
    receipts: Receipts

    def operations(self) -> list[Operation]:
        """Everything these routes answer."""
        one, none = _PATH + "/{provider}", {404: "There is no integration of this provider."}
        return [
            Operation("GET", _PATH, self.list, "List Integrations",
                      "The organization's integrations with providers that the platform's clients know.",
                      answer=wire.IntegrationList),
            Operation("GET", one, self.read, "Read Integration", "An integration by its provider.",
                      answer=wire.Integration, errors=none),
            Operation("POST", one, self.create, "Create Integration",
                      "Enters the provider's token as the organization's secret of its usual name.",
                      body=wire.CreateIntegration, answer=wire.Integration, status=201,
                      errors={**none, 409: "The organization has this secret already."}),
            Operation("PUT", one, self.put, "Set Integration",
                      "Enters the provider's token, in the place of the one before or as a new one.",
                      body=wire.CreateIntegration, answer=wire.Integration, errors=none),
            Operation("DELETE", one, self.delete, "Delete Integration",
                      "Deletes the secret of an integration; with `force=true` also one that models use.",
                      query=wire.DeleteSecretQuery, status=204,
                      errors={**none, 409: "Models use the secret; the message names them."}),
            Operation("GET", "/api/v2/providers", self.list_providers, "List Providers",
                      "The well-known providers: their slugs, their secrets' usual names and hosts.",
                      answer=wire_generators.ProviderList),
        ]  # fmt: skip

    async def list(self, call: C) -> Response:
        call.principal.role_in_organization()
        found = await self.integrations.list(call.principal.organization_id)
        return json_answer([_answer(one) for one in found if one.provider in wire.PLATFORM_INTEGRATION_PROVIDERS])

    async def read(self, call: C) -> Response:
        call.principal.role_in_organization()
        return json_answer(_answer(await self.integrations.get(call.principal.organization_id, _slug(call))))

    async def create(self, call: C) -> Response:
        create = self.integrations.creating(call.principal.actor, _slug(call), await _entered(call))
        once = await begin(self.receipts, call, call.principal.actor)
        return await self.integrations.secrets.write(once.unit(create, _created))

    async def put(self, call: C) -> Response:
        found, is_new = await self.integrations.put(call.principal.actor, _slug(call), await _entered(call))
        return json_answer(_answer(found), 201 if is_new else 200)

    async def delete(self, call: C) -> Response:
        role = call.principal.role_in_organization()
        await self.integrations.get(call.principal.organization_id, _slug(call))
        require(role, Role.EDITOR)
        query = call.query(wire.DeleteSecretQuery)
        await self.integrations.delete(call.principal.actor, _slug(call), query.force, call.principal.sees)
        return empty()

    async def list_providers(self, call: C) -> Response:
        data = [
            {
                "provider": provider.slug,
                "generators": provider.generators,
                "secret_names": provider.secret_names,
                "hosts": provider.hosts,
            }
            for provider in providers()
        ]
        return json_answer({"data": data, "has_more": False, "total": len(data)})


def _created(made: Integration) -> Response:
    return json_answer(_answer(made), 201, {"location": f"{_PATH}/{made.provider}"})


def _slug(call: C) -> str:
    slug: str = call.request.path_params["provider"]
    return slug


async def _entered(call: C) -> Entered:
    """The token that an editor of the organization enters. Raises NotFound, Denied, then what is wrong with it."""
    role = call.principal.role_in_organization()
    require_known(_slug(call))
    require(role, Role.EDITOR)
    body = await call.body(wire.CreateIntegration)
    # Bedrock's domain is a region: no host, so it has no say in where the token goes.
    hosts = [body.provider_domain] if body.provider_domain and "." in body.provider_domain else None
    token = SecretValue(body.token.get_secret_value())
    return entered(token, hosts, value_at="#/token", host_at="#/provider_domain")


def _answer(found: Integration) -> dict[str, Any]:
    return {
        "invalid": False,
        "model_registry_token_id": found.ref.secret_id,
        "provider": found.provider,
        "provider_domain": found.domain,
    }

"""HTTP of models: the same operations for a workspace and for the whole organization.

The order in which a change's request is looked at is a promise (docs/api.md): ids, what is visible,
what is writable, the media type, If-Match, and only then the body.
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from starlette.responses import Response

from haymow.errors import HaymowError, Invalid, NotFound
from haymow.server.access.rules import Principal, Role, require
from haymow.server.http import Call, Operation, empty, json_answer
from haymow.server.receipts.once import Once, begin
from haymow.server.receipts.service import Receipts
from haymow.server.registry import rules
from haymow.server.registry.answers import etag_of, model_answer, validation_answer
from haymow.server.registry.changes import Changes, IfMatch
from haymow.server.registry.proposals import Change, Proposal, propose
from haymow.server.registry.rules import Filters, Model, Origin
from haymow.server.registry.service import NOT_REACHED, Registry, Shown, View
from haymow.server.telemetry.seen import Seen, current, note_model
from haymow.wire import registry as wire

C = Call[Principal]

WORKSPACE_PREFIX = "/api/v2/workspaces/{workspace_id}"
ORGANIZATION_PREFIX = "/api/v2"

_GONE = {404: rules.NOT_FOUND}
_REFUSED = {409: rules.NAME_TAKEN, 422: rules.INVALID}


@dataclass(frozen=True)
class ModelRoutes:
    """Models below one prefix: `WORKSPACE_PREFIX` or `ORGANIZATION_PREFIX`."""

    registry: Registry
    changes: Changes
    receipts: Receipts
    prefix: str

    def operations(self) -> list[Operation]:
        """Everything these routes answer, the most asked first."""
        noun = "Workspace" if self.prefix == WORKSPACE_PREFIX else "Organization"
        scoped = f"{noun.lower()}-scoped custom model definition"
        one = f"{self.prefix}/models/custom/{{model_id}}"
        return [
            Operation("PATCH", one, self.update, f"Update {noun} Model", f"Updates an existing {scoped}.",
                      body=wire.UpdateModelRequest, answer=wire.Model, errors={**_GONE, **_REFUSED}),
            Operation("DELETE", one, self.delete, f"Delete {noun} Model",
                      f"Deletes a {scoped}; its revisions stay, and restoring one brings it back.",
                      status=204, errors=_GONE),
            Operation("GET", f"{self.prefix}/models/{{model_id}}", self.read, "Read Model",
                      "A model as it is seen from here, whatever its origin.", query=wire.ModelQuery,
                      answer=wire.Model, errors={**_GONE, 412: NOT_REACHED}),
            Operation("GET", f"{self.prefix}/models", self.page, "List Models",
                      "The effective view: a nearer model hides those of the same name behind it.",
                      query=wire.ModelListQuery, answer=wire.ModelList),
            Operation("POST", f"{self.prefix}/models/custom", self.create, f"Create {noun} Model",
                      f"Creates a {scoped}. With an Idempotency-Key it is created once.",
                      body=wire.CreateModelRequest, answer=wire.Model, status=201, errors=_REFUSED),
            Operation("POST", f"{self.prefix}/models/validate", self.validate, "Validate Model",
                      "What a create, or with `model_id` an update, would answer; changes nothing.",
                      body=wire.ValidateModelRequest, answer=wire.ValidationResult, errors={**_GONE, **_REFUSED}),
        ]  # fmt: skip

    async def update(self, call: C) -> Response:
        try:
            return await self._update(call)
        except NotFound as error:  # the sentences of the published operation are its only ones
            raise NotFound(rules.NOT_FOUND, code="model_not_found") from error
        except Invalid as error:
            raise Invalid(rules.INVALID, error.faults, code=error.code) from error

    async def _update(self, call: C) -> Response:
        model_id = call.ids(*self._ids)[-1]
        view = await self.view(call)
        try:
            require(view.role, Role.EDITOR)
            proposal = await self._proposed(call)
        except HaymowError:
            await self._said_of_the_model(call, view, model_id)
            raise
        shown = await self.changes.update(view, model_id, proposal, _if_match(call))
        note_model(shown.model.model_id, shown.model.revision)
        return json_answer(model_answer(shown), headers={"etag": etag_of(shown.model)})

    async def _proposed(self, call: C) -> Proposal:
        call.require_json()
        document = await call.document(wire.EDITABLE)
        return propose(_change(call.parsed(wire.UpdateModelRequest, document, rules.INVALID)))

    async def _said_of_the_model(self, call: C, view: View, model_id: UUID) -> None:
        """Raises what comes before a fault of the body."""
        model = await self._seen(view, model_id)
        call.require_json()
        call.check_if_match(etag_of(model))

    async def delete(self, call: C) -> Response:
        view, seen = await self._open(call)
        call.check_if_match(etag_of(seen))
        await self.changes.delete(view, seen, _if_match(call))
        return empty()

    async def read(self, call: C) -> Response:
        model_id = call.ids(*self._ids)[-1]
        # Most readers ask for nothing more, and have no query to be checked.
        wanted = call.query(wire.ModelQuery).min_revision if call.request.scope["query_string"] else 0
        shown = await self.registry.get(await self.view(call), model_id, wanted)
        note_model(shown.model.model_id, shown.model.revision)
        return json_answer(model_answer(shown), headers={"etag": etag_of(shown.model)})

    async def page(self, call: C) -> Response:
        call.ids(*self._ids[:-1])
        view = await self.view(call)
        query = call.query(wire.ModelListQuery)
        filters = Filters(
            provider=query.provider.lower() if query.provider else None,
            scope_id=view.scope.scope_of(Origin(query.origin)) if query.origin else None,
            name=query.name,
            part_of_name=query.q,
            include_shadowed=query.include_shadowed,
        )
        shown, total = await self.registry.page(
            view, filters, query.connected, query.sort, query.limit, query.page_number
        )
        has_more = query.page_number * query.limit < total
        return json_answer({"data": [model_answer(one) for one in shown], "has_more": has_more, "total": total})

    async def create(self, call: C) -> Response:
        view = await self._editable(call)
        call.require_json()
        document = await call.document(wire.EDITABLE)
        body = call.parsed(wire.CreateModelRequest, document, rules.INVALID)
        once = await self.once(call, view)
        create = self.changes.creating(view, _change(body))
        seen = current()  # a unit of work runs in the writer's task, where no request is current
        return await self.changes.write(once.unit(create, lambda shown: self._created(call, shown, seen)))

    async def validate(self, call: C) -> Response:
        view = await self._editable(call)
        call.require_json()
        document = await call.document(wire.EDITABLE | {"model_id"})
        asked = call.parsed(wire.ValidateModelRequest, document, rules.INVALID)
        once = await self.once(call, view)
        return await once.alone(lambda: self._validated(call, view, document, asked))

    async def _validated(
        self, call: C, view: View, document: dict[str, object], asked: wire.ValidateModelRequest
    ) -> Response:
        seen = None
        if asked.model_id is not None:
            seen = await self.changes.open(view, asked.model_id)
            change = _change(asked)
        else:
            document.pop("model_id", None)
            change = _change(call.parsed(wire.CreateModelRequest, document, rules.INVALID))
        shown = await self.changes.validate(view, seen, change)
        return json_answer(validation_answer(shown, seen is None))

    async def view(self, call: C) -> View:
        """From where the caller looks. Raises Invalid for a malformed id, NotFound, Denied."""
        if self.prefix == WORKSPACE_PREFIX:
            return await self.registry.in_workspace(call.principal, call.id("workspace_id"))
        return await self.registry.in_organization(call.principal)

    async def once(self, call: C, view: View) -> Once:
        """How the answer to a POST is kept, when who calls may have it. Raises Answered, Invalid and more."""
        return await begin(self.receipts, call, call.principal.actor, view.scope.workspace_id)

    @property
    def _ids(self) -> tuple[str, ...]:
        return ("workspace_id", "model_id") if self.prefix == WORKSPACE_PREFIX else ("model_id",)

    async def _open(self, call: C) -> tuple[View, Model]:
        model_id = call.ids(*self._ids)[-1]
        view = await self.view(call)
        return view, await self._seen(view, model_id)

    async def _seen(self, view: View, model_id: UUID) -> Model:
        model = await self.changes.open(view, model_id)
        note_model(model.model_id, model.revision)
        return model

    async def _editable(self, call: C) -> View:
        view = await self.view(call)
        require(view.role, Role.EDITOR)
        return view

    def _created(self, call: C, shown: Shown, seen: Seen | None) -> Response:
        if seen is not None:
            seen.noted_model_id, seen.revision = shown.model.model_id, shown.model.revision
        location = f"{call.request.url.path.removesuffix('/custom')}/{shown.model.model_id}"
        headers = {"etag": etag_of(shown.model), "location": location}
        return json_answer(model_answer(shown), 201, headers)


def _change(body: wire.UpdateModelRequest | wire.CreateModelRequest | wire.ValidateModelRequest) -> Change:
    return Change(body.name, body.provider, body.chat_generator_config, body.generation_kwargs)


def _if_match(call: C) -> IfMatch:
    return lambda model: call.check_if_match(etag_of(model))

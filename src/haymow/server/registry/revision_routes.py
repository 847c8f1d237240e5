"""HTTP of revisions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from starlette.responses import Response

from haymow.errors import NotFound
from haymow.server.access.rules import Principal, Role, require
from haymow.server.http import Call, Operation, json_answer
from haymow.server.registry import rules
from haymow.server.registry.answers import etag_of, model_answer, revision_answer
from haymow.server.registry.routes import WORKSPACE_PREFIX, ModelRoutes
from haymow.server.registry.rules import Revision
from haymow.server.registry.service import Shown, View
from haymow.server.telemetry.seen import Seen, current, note_model
from haymow.wire import registry as wire
from haymow.wire.shapes import PageQuery

C = Call[Principal]

_GONE = {404: rules.NOT_FOUND}


@dataclass(frozen=True)
class RevisionRoutes:
    """The revisions of the models below one prefix."""

    models: ModelRoutes

    def operations(self) -> list[Operation]:
        """Everything these routes answer."""
        path = f"{self.models.prefix}/models/{{model_id}}/revisions"
        return [
            Operation("GET", path, self.page, "List Revisions", "A model's revisions, newest first.",
                      query=PageQuery, answer=wire.RevisionList, errors=_GONE),
            Operation("GET", path + "/{revision}", self.read, "Read Revision", "A definition as it was saved once.",
                      answer=wire.Revision, errors=_GONE),
            Operation("POST", path + "/{revision}/restore", self.restore, "Restore Revision",
                      "Makes an older revision the newest again, checked as any change; brings a deleted model back.",
                      answer=wire.Model, errors={**_GONE, 409: rules.NAME_TAKEN, 422: rules.INVALID}),
        ]  # fmt: skip

    async def page(self, call: C) -> Response:
        view, model_id = await self._model(call)
        query = call.query(PageQuery)
        found, total = await self.models.registry.revisions(view, model_id, query.limit, query.page_number)
        has_more = query.page_number * query.limit < total
        return json_answer({"data": await self._answers(found), "has_more": has_more, "total": total})

    async def read(self, call: C) -> Response:
        view, model_id = await self._model(call)
        found = await self.models.registry.revision(view, model_id, _number(call))
        note_model(model_id, found.revision)
        return json_answer((await self._answers([found]))[0])

    async def restore(self, call: C) -> Response:
        view, model_id = await self._model(call)
        number = _number(call)
        await self.models.registry.revision(view, model_id, number)
        require(view.role, Role.EDITOR)
        once = await self.models.once(call, view)  # before If-Match: the revision it named is not the newest any more
        changes = self.models.changes
        restore = await changes.restoring(view, model_id, number, lambda model: call.check_if_match(etag_of(model)))
        seen = current()  # a unit of work runs in the writer's task, where no request is current
        return await changes.write(once.unit(restore, lambda shown: _restored(shown, seen)))

    async def _model(self, call: C) -> tuple[View, Any]:
        ids = ("workspace_id", "model_id") if self.models.prefix == WORKSPACE_PREFIX else ("model_id",)
        model_id = call.ids(*ids)[-1]
        return await self.models.view(call), model_id

    async def _answers(self, found: list[Revision]) -> list[dict[str, Any]]:
        authors = {one.created_by for one in found if one.created_by}
        people = await self.models.registry.access.people(authors)
        return [revision_answer(one, people.get(one.created_by) if one.created_by else None) for one in found]


def _restored(shown: Shown, seen: Seen | None) -> Response:
    if seen is not None:
        seen.noted_model_id, seen.revision = shown.model.model_id, shown.model.revision
    return json_answer(model_answer(shown), headers={"etag": etag_of(shown.model)})


def _number(call: C) -> int:
    text = call.request.path_params["revision"]
    if not text.isascii() or not text.isdigit() or len(text) > 9:
        raise NotFound("We couldn't find this revision. Revisions are numbered from 1.", code="revision_not_found")
    return int(text)

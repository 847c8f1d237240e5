"""HTTP of the pipelines that models are pasted from."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from uuid import UUID

from starlette.responses import Response

from haymow.server.access.rules import Principal
from haymow.server.http import Call, Operation
from haymow.server.http.sites import own_address
from haymow.server.registry import rules
from haymow.server.registry.pipelines import Address, pipeline
from haymow.server.registry.routes import WORKSPACE_PREFIX
from haymow.server.registry.rules import Model
from haymow.server.registry.service import Registry
from haymow.wire import registry as wire

C = Call[Principal]

MEDIA_TYPE = "application/yaml"


@dataclass(frozen=True)
class PipelineRoutes:
    """Pipelines with a model of a workspace: a pipeline calls from a workspace, so the organization has none."""

    registry: Registry

    def operations(self) -> list[Operation]:
        """Everything these routes answer."""
        return [
            Operation("GET", f"{WORKSPACE_PREFIX}/models/{{model_id}}/pipeline", self.read, "Read Pipeline",
                      "YAML of a Haystack pipeline with the model in it: `component` chooses what is around the chat "
                      "generator, `mode` which one it is.",
                      query=wire.PipelineQuery, media_type=MEDIA_TYPE, errors={404: rules.NOT_FOUND}),
        ]  # fmt: skip

    async def read(self, call: C) -> Response:
        workspace_id, model_id = call.ids("workspace_id", "model_id")
        view = await self.registry.in_workspace(call.principal, workspace_id)
        model = (await self.registry.get(view, model_id)).model
        query = call.query(wire.PipelineQuery)
        address = Address(own_address(call.request), str(workspace_id), await self._called(call, workspace_id, model))
        # A large definition takes some tenths of a second.
        text = await asyncio.to_thread(pipeline, model.definition, address, query.component, query.mode)
        return Response(text, media_type=MEDIA_TYPE)

    async def _called(self, call: C, workspace_id: UUID, model: Model) -> str:
        """The model's name, or its id where the name means a nearer model."""
        meant = await self.registry.find(call.principal, workspace_id, model.name)
        return model.name if meant.model_id == model.model_id else str(model.model_id)

"""HTTP of the states of models."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from starlette.responses import Response

from haymow.server.access.rules import Principal
from haymow.server.http import Call, Operation, json_answer
from haymow.server.registry.routes import ModelRoutes
from haymow.server.registry.states import Namesake, State, States
from haymow.wire import registry as wire

C = Call[Principal]


@dataclass(frozen=True)
class StateRoutes:
    """The states of the models below one prefix."""

    models: ModelRoutes
    states: States

    def operations(self) -> list[Operation]:
        """Everything these routes answer."""
        return [
            Operation("GET", f"{self.models.prefix}/model_states", self.list, "List Model States",
                      "What models lack before they can answer, how their last tests ended, and which hide which.",
                      query=wire.ModelStatesQuery, answer=wire.ModelStateList),
        ]  # fmt: skip

    async def list(self, call: C) -> Response:
        view = await self.models.view(call)
        query = call.query(wire.ModelStatesQuery)
        return json_answer({"data": [_state(one) for one in await self.states.of(view.scope, query.model_id)]})


def _state(state: State) -> dict[str, Any]:
    test = state.test
    return {
        "model_id": state.model_id,
        "connected": state.connected,
        "reason": state.reason,
        "detail": state.detail,
        "missing_secrets": state.missing_secrets,
        "tested_at": test.tested_at if test else None,
        "latency_ms": test.latency_ms if test else None,
        "shadowed_by": _namesake(state.shadowed_by) if state.shadowed_by else None,
        "shadows": [_namesake(one) for one in state.shadows],
    }


def _namesake(one: Namesake) -> dict[str, Any]:
    return {"model_id": one.model_id, "origin": one.origin.value}

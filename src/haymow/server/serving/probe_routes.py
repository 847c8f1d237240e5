"""HTTP of connection tests."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from starlette.responses import Response

from haymow.server.access.rules import Principal
from haymow.server.http import Call, Operation, json_answer
from haymow.server.receipts.once import begin
from haymow.server.receipts.service import Receipts
from haymow.server.registry.rules import NOT_FOUND
from haymow.server.serving.probes import Probes
from haymow.wire import registry as wire

C = Call[Principal]

_ERRORS = {
    404: NOT_FOUND,
    429: "Too many connection tests. Try again after Retry-After seconds.",
}


@dataclass(frozen=True)
class ProbeRoutes:
    """Tests of the models of a workspace, whatever their origin. There is none without one: secrets are its own."""

    probes: Probes
    receipts: Receipts

    def operations(self) -> list[Operation]:
        """Everything these routes answer."""
        path = "/api/v2/workspaces/{workspace_id}/models/{model_id}/test"
        return [
            Operation("POST", path, self.test, "Test Model",
                      "Makes one small chat with a model, and says what came of it; `connected` follows.",
                      answer=wire.ConnectionTest, errors=_ERRORS),
        ]  # fmt: skip

    async def test(self, call: C) -> Response:
        workspace_id, model_id = call.ids("workspace_id", "model_id")
        if call.idempotency_keys:  # a kept answer is given to who may test
            await self.probes.find(call.principal, workspace_id, model_id)
        once = await begin(self.receipts, call, call.principal.actor, workspace_id)
        return await once.alone(lambda: self._tested(call.principal, workspace_id, model_id))

    async def _tested(self, principal: Principal, workspace_id: UUID, model_id: UUID) -> Response:
        made = await self.probes.test(principal, workspace_id, model_id)
        answer = {"ok": made.passed, "reason": made.reason, "detail": made.detail}
        return json_answer({**answer, "latency_ms": made.latency_ms, "tested_at": made.tested_at})

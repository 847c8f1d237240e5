"""HTTP of the generators that a definition may name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from starlette.responses import Response

from haymow import generators
from haymow.errors import NotFound
from haymow.generators import GeneratorInfo
from haymow.server.access.rules import Principal
from haymow.server.http import Call, Operation, json_answer
from haymow.wire import generators as wire

C = Call[Principal]


@dataclass(frozen=True)
class GeneratorRoutes:
    """Haystack's chat generators, from data that haymow ships: Haystack itself is not imported."""

    def operations(self) -> list[Operation]:
        """Everything these routes answer."""
        path = "/api/v2/generators"
        return [
            Operation("GET", path, self.list, "List Generators",
                      "The chat generators that haymow knows; `status` says whether a definition may name one.",
                      answer=wire.GeneratorList),
            Operation("GET", path + "/{name}", self.read, "Read Generator",
                      "A chat generator with the JSON Schema of its init parameters.", answer=wire.Generator,
                      errors={404: "haymow knows no generator of this name."}),
        ]  # fmt: skip

    async def list(self, call: C) -> Response:
        data = [_listed(info) for info in generators.generators()]
        return json_answer({"data": data, "has_more": False, "total": len(data)})

    async def read(self, call: C) -> Response:
        info = generators.generator(call.request.path_params["name"])
        if info is None:
            raise NotFound("haymow knows no generator of this name. GET /api/v2/generators lists them.")
        return json_answer({**_listed(info), "init_parameters": info.schema})


def _listed(info: GeneratorInfo) -> dict[str, Any]:
    return {
        "name": info.name,
        "type": info.type,
        "status": info.status,
        "reason": info.reason,
        "package": info.package,
        "installed": generators.is_installed(info.package),
    }

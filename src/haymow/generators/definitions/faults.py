"""What a check finds wrong, gathered so that all of it is told at once."""

from __future__ import annotations

from haymow.errors import Fault


class Faults:
    """The faults of one document that stands at `pointer` in the request.

    Paths are relative to it (`/init_parameters/model`) and are made of names that haymow knows, never of names that
    only the request knows.
    """

    def __init__(self, pointer: str) -> None:
        self.found: list[Fault] = []
        self._pointer = pointer
        self._paths: set[str] = set()

    def __bool__(self) -> bool:
        return bool(self.found)

    def add(self, path: str, code: str, message: str) -> None:
        self.found.append(Fault(self._pointer + path, code, message))
        self._paths.add(path)

    def add_parameter(self, name: str, code: str, message: str) -> None:
        """A fault of the init parameter `name`, which the generator's schema must know."""
        self.add(f"/init_parameters/{name}", code, message)

    def has_parameter(self, name: str) -> bool:
        """Whether the parameter is at fault already: one reason for each is enough."""
        return f"/init_parameters/{name}" in self._paths

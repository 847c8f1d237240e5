"""Whether this server is about to stop: it is not ready then, and its answers end their connections."""

from __future__ import annotations

from haymow.errors import Unavailable


class Leaving:
    """Begins once, and never ends."""

    def __init__(self) -> None:
        self.has_begun = False

    def begin(self) -> None:
        """From here on requests are still answered, and clients led elsewhere."""
        self.has_begun = True

    def check(self) -> None:
        """Raises Unavailable once it has begun."""
        if self.has_begun:
            raise Unavailable("haymow is stopping.", code="stopping")

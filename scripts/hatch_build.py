"""hatchling's hook: the built page is in the wheel and in the source archive, whoever makes them."""

import subprocess
import sys
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class PageHook(BuildHookInterface[Any]):
    """Leaves an editable install alone: it runs from the checkout, whose page `make setup` builds."""

    def dependencies(self) -> list[str]:
        return self._page("requires", stdout=subprocess.PIPE).stdout.split()

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if version != "editable":
            self._page("build")

    def _page(self, what: str, **options: Any) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "scripts/page.py", what]
        try:
            return subprocess.run(command, cwd=self.root, check=True, text=True, **options)
        except subprocess.CalledProcessError:
            raise SystemExit("The page could not be built: see above.") from None

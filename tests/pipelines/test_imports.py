"""A pipeline's process loads what the component needs and nothing of the server."""

from __future__ import annotations

import subprocess
import sys

HEAVY = ("sqlalchemy", "alembic", "starlette", "uvicorn", "cryptography", "haymow.server", "haymow.cli", "haymow.wire")


def test_importing_the_component_loads_none_of_the_server() -> None:
    code = (
        "import sys, haystack_integrations.components.generators.haymow as it; "
        "HEAVY = sys.argv[1].split(','); print(it.__all__, [name for name in HEAVY if name in sys.modules])"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code, ",".join(HEAVY)], capture_output=True, text=True, check=True, timeout=60
    )
    assert ran.stdout.strip() == "['HaymowChatGenerator'] []"


def test_importing_it_leaves_haystacks_own_log_and_telemetry_alone() -> None:
    """haymow's server silences both; a pipeline's process is somebody else's."""
    code = (
        "import logging, haystack_integrations.components.generators.haymow.building, "
        "haystack_integrations.components.generators.haymow.local; print(logging.getLogger('haystack').level < 50)"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert ran.stdout.strip() == "True"

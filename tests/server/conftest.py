"""What tests on a whole server share: a workspace of each test's own, for its models."""

from __future__ import annotations

import httpx
import pytest

from tests.server.registry.shelf import Shelf


@pytest.fixture
def shelf(admin: httpx.Client, workspace: str) -> Shelf:
    """A new workspace's models, for its administrator."""
    return Shelf(admin, f"/api/v2/workspaces/{workspace}")

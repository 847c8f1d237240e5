"""What the owner of the machine may ask for: by a running server when there is one, else directly."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from haymow.server import control
from haymow.server.app import House, open_house
from haymow.server.database.folder import FolderInUse
from haymow.server.settings import Settings

_NAME = "haymow admin token"


def commands(house: House) -> Mapping[str, control.Command]:
    """What a running server does for its operator."""
    return {"token": lambda: house.tokens.for_first_admin(_NAME)}


async def admin_token(settings: Settings) -> str:
    """Another token of the first administrator. Raises StartFailed."""
    try:
        async with open_house(settings) as house:
            return await house.tokens.start(_NAME) or await commands(house)["token"]()
    except FolderInUse:
        return await asyncio.to_thread(control.ask, settings.admin_socket, "token")

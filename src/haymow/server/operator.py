"""What the owner of the machine may ask for: by a running server when there is one, else directly."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Mapping

from haymow.server import control, rotating
from haymow.server.app import House, open_house
from haymow.server.database import DataFolder, migrate_database
from haymow.server.database.folder import FolderInUse
from haymow.server.database.places import is_newest, place_of, require_haymow
from haymow.server.secrets import key_file
from haymow.server.settings import Settings

_TOKEN = "haymow admin token"
_LINK = "haymow admin link"
_START = "start"


def commands(house: House, address: str) -> Mapping[str, control.Command]:
    """What a running server, which a browser reaches at `address`, does for its operator."""

    async def link() -> str:
        return _link(address, await house.sessions.link(_LINK, "command line"))

    async def place() -> str:
        return place_of(house.settings).name

    return {
        control.PLACE: place,
        "token": lambda: house.tokens.for_first_admin(_TOKEN),
        "link": link,
        **rotating.commands(house),
    }


async def link_of_start(house: House, settings: Settings) -> str:
    """A link that signs the first administrator in, once; those of this server's earlier starts work no longer."""
    return _link(browser_address(settings), await house.sessions.link(_name_of_start(settings), "start", alone=True))


async def admin_token(settings: Settings, tell: Callable[[str], None]) -> str:
    """Another token of the first administrator. Raises StartFailed.

    Where there was no haymow it is the first one, and `tell` hears so: somebody may have named the wrong place.
    """
    try:
        async with open_house(settings) as house:
            first = await house.tokens.start(_TOKEN)
            if first is not None:
                tell(f"There was no haymow in {place_of(settings).name}: this is the first token of a new one.")
            return first or await house.tokens.for_first_admin(_TOKEN)
    except FolderInUse:
        return await asyncio.to_thread(control.ask_meant, settings, "token")


async def admin_link(settings: Settings) -> str:
    """Another link that signs the first administrator in, once. Raises StartFailed."""
    if not control.is_open(settings.admin_socket):
        require_haymow(settings)
    try:
        async with open_house(settings) as house:
            return await commands(house, browser_address(settings))["link"]()
    except FolderInUse:
        return await asyncio.to_thread(control.ask_meant, settings, "link")


def new_master_key() -> str:
    """The content of a new master key's file; nothing is touched. For whoever keeps it in an orchestrator's secrets."""
    return key_file.new_text()


def migrate(settings: Settings, tell: Callable[[str], None]) -> bool:
    """Bring the database to this haymow's schema; whether there was anything to do. `tell` hears each step.

    Servers that share a database may go on working. One with a data folder to itself has migrated when it started:
    beside it there is nothing to do but to look, and where there would be, raises FolderInUse. Raises StartFailed.
    """
    if settings.database_url is not None:
        return migrate_database(settings, tell)
    try:
        folder = DataFolder(settings.data)
    except FolderInUse:
        if is_newest(place_of(settings)):
            return False
        raise
    try:
        return migrate_database(settings, tell)
    finally:
        folder.close()


def browser_address(settings: Settings) -> str:
    """Where a browser reaches a server with these settings: at its public address, or else on this machine."""
    if (public := settings.outside.public) is not None:
        return f"{public.origin}{public.prefix}"
    return address("127.0.0.1" if settings.host in ("0.0.0.0", "::") else settings.host, settings.port)


def address(host: str, port: int) -> str:
    """The URL of a host, which may be an address of version 6."""
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _name_of_start(settings: Settings) -> str:
    """The name of a start's link: among servers that share a database each has its own."""
    if settings.database_url is None:
        return _START
    return f"{_START} of {socket.gethostname()}:{settings.data}"  # which one server at a time may use


def _link(address: str, code: str) -> str:
    # A fragment stays in the browser: no server's log and no Referer has the code.
    return f"{address}/sign-in#{code}"

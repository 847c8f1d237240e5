"""What a pipeline asks haymow beside chats: the id of a workspace, and a model's definition."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from math import inf
from time import monotonic
from typing import Any, Final
from urllib.parse import quote, urlsplit
from uuid import UUID

import httpx
from haystack.utils import Secret
from haystack.utils.http_client import init_http_client

from haymow.documents import from_text
from haymow.errors import Denied, HaymowError, Malformed, NotFound, Unauthenticated, Unavailable
from haymow.ids import id_of
from haystack_integrations.components.generators.haymow.live import Lender

SECONDS: Final = 10.0
"""How long haymow may take to answer; a chat may take longer."""

_KEY: Final = re.compile(r"[!-~]+")
_PINNED: Final = re.compile(r"(.+)@([1-9][0-9]{0,8})", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Place:
    """A workspace of a haymow, and the key to it. `workspace` is a name or an id."""

    api_base_url: str
    workspace: str
    api_key: Secret
    http_client_kwargs: dict[str, Any] | None

    def key(self) -> str:
        """The API key. Raises Unauthenticated when there is none, or none that can be sent."""
        try:
            key = self.api_key.resolve_value()
        except ValueError:
            key = None
        if not key:
            raise Unauthenticated(
                "There is no API key for haymow. Set the environment variable that `api_key` names "
                "(HAYMOW_API_KEY unless you chose another) to a token of haymow's."
            )
        # An HTTP library would repeat the whole header in its error.
        if not isinstance(key, str) or not _KEY.fullmatch(key):
            raise Unauthenticated("The API key for haymow cannot be sent: look for a blank or a line break in it.")
        return key

    def away(self, what: str = "cannot be reached") -> Unavailable:
        """The error of a haymow that does not answer."""
        return Unavailable(f"haymow at {self.api_base_url} {what}. See that it runs there, or correct `api_base_url`.")

    def refused(self) -> Unauthenticated:
        """The error of a key that haymow does not know."""
        return Unauthenticated(
            f"haymow at {self.api_base_url} does not accept the API key. It may have been revoked, or have expired: "
            "make another one (POST /api/v2/tokens)."
        )

    def nothing_there(self) -> NotFound:
        """The error of an address that is haymow's, and more."""
        return NotFound(
            f"haymow answers at {self.api_base_url}, and has nothing there. `api_base_url` is haymow's own address, "
            "without /v1, /api or the like."
        )

    def no_model(self, model: str) -> NotFound:
        """The error of a model that is not in the workspace."""
        return NotFound(
            f"haymow at {self.api_base_url} has no model {model!r} in the workspace {self.workspace!r}. "
            "GET .../workspaces/{workspace_id}/models lists those you may use.",
            code="model_not_found",
        )

    def no_workspace(self) -> NotFound:
        """The error of a workspace that does not exist, or that the key does not open."""
        return NotFound(
            f"haymow at {self.api_base_url} has no workspace {self.workspace!r} for this API key. "
            "GET /api/v1/workspaces lists those you may see.",
            code="workspace_not_found",
        )


@dataclass(slots=True)
class Registry:
    """Reads from a haymow over HTTP, on first use and never before; may be used from several threads."""

    place: Place
    _workspace_id: UUID | None = None
    _clients: Lender = field(default_factory=Lender)

    @property
    def known_workspace_id(self) -> UUID | None:
        """The workspace's id where no question is needed to know it."""
        return id_of(self.place.workspace) or self._workspace_id

    def workspace_id(self) -> UUID:
        """The workspace's id, asked for once. Raises NotFound, Unauthenticated, Denied, Unavailable."""
        if (known := self.known_workspace_id) is not None:
            return known
        found = self._get(f"/api/v1/workspaces/{quote(self.place.workspace, safe='')}")
        if found is None:
            raise self.place.nothing_there() if urlsplit(self.place.api_base_url).path else self.place.no_workspace()
        workspace_id = id_of(str(found.get("workspace_id")))
        if workspace_id is None:
            raise self.place.away("answers something that is not haymow's")
        self._workspace_id = workspace_id
        return workspace_id

    def forget_workspace(self) -> None:
        """Ask for the workspace's id again: another one may have its name now."""
        self._workspace_id = None

    def model(self, name: str) -> Mapping[str, Any]:
        """The definition that `name` means: the exact name, then an id, then `name@revision`.

        An object with `chat_generator_config` and `generation_kwargs`. Raises NotFound and as `workspace_id` does.
        """
        models = f"/api/v2/workspaces/{self.workspace_id()}/models"
        found = self._called(models, name)
        pinned = _PINNED.fullmatch(name)
        if found is None and pinned and (model := self._called(models, pinned[1])):
            found = self._get(f"{models}/{model['model_id']}/revisions/{pinned[2]}")
        if found is None:
            self.forget_workspace()
            raise self.place.no_model(name)
        return found

    def close(self) -> None:
        """Close the connections, when the last question has its answer; the next one opens new ones."""
        self._clients.close()

    def _called(self, models: str, name: str) -> Mapping[str, Any] | None:
        listed = self._get(models, {"name": name}) or {}
        data = listed.get("data")
        if data and isinstance(data, list) and isinstance(data[0], dict) and id_of(str(data[0].get("model_id"))):
            return data[0]
        model_id = id_of(name)
        return self._get(f"{models}/{model_id}") if model_id else None

    def _get(self, path: str, query: Mapping[str, str] | None = None) -> Mapping[str, Any] | None:
        """The JSON object at an address; None where there is none."""
        try:
            status, text = self._answer(path, query)
        except httpx.TimeoutException as error:
            raise self.place.away("does not answer in time") from error
        except httpx.TransportError as error:
            raise self.place.away() from error
        except httpx.DecodingError as error:
            raise self.place.away("answers something that is not haymow's") from error
        found = _object(text)
        if status == 404:
            if "code" not in found:  # what stands in front of haymow says so, too, while haymow is away
                raise self.place.away("answers something that is not haymow's")
            if found.get("code") == "workspace_not_found":
                self.forget_workspace()
                raise self.place.no_workspace()
            return None
        if status != 200:
            raise self._failure(status)
        if not found:
            raise self.place.away("answers something that is not haymow's")
        return found

    def _answer(self, path: str, query: Mapping[str, str] | None) -> tuple[int, str]:
        """What haymow says. Raises httpx.RequestError."""
        asked = {"params": query, "headers": {"authorization": f"Bearer {self.place.key()}"}}
        url = self.place.api_base_url + path
        with self._clients.lent(None, self._connected) as client:
            # httpx counts the seconds of each part anew, and parts may come without end.
            end = monotonic() + (client.timeout.read or inf)
            with client.stream("GET", url, **asked) as answer:
                parts = []
                for part in answer.iter_bytes():
                    parts.append(part)
                    if monotonic() > end:
                        raise httpx.ReadTimeout("haymow goes on and on")
                return answer.status_code, b"".join(parts).decode(errors="replace")

    def _failure(self, status: int) -> HaymowError:
        if status == 401:
            return self.place.refused()
        if status == 403:
            return Denied("The API key may not read this workspace. Ask an administrator for a role in it.")
        if status == 429 or status >= 500:
            return self.place.away(f"answers with status {status}")
        return Malformed(f"haymow at {self.place.api_base_url} answers with status {status}: check `api_base_url`.")

    def _connected(self) -> httpx.Client:
        client = init_http_client({"timeout": SECONDS, **(self.place.http_client_kwargs or {})})
        assert client is not None  # there are settings, so there is a client
        return client


def _object(text: str) -> dict[str, Any]:
    """A JSON object; an empty one for anything else."""
    try:
        found = from_text(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}

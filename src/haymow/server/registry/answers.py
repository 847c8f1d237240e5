"""Models as the wire shows them; stored JSON text goes into the answer as it is."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import orjson

from haymow.server.access.rules import Person
from haymow.server.http import conditions
from haymow.server.registry.rules import Model, Origin, Revision
from haymow.server.registry.service import Shown


def etag_of(model: Model) -> str:
    """The strong ETag of a model's revision."""
    return conditions.etag(model.revision, model.tag)


def model_answer(shown: Shown) -> dict[str, Any]:
    """`wire.Model`. A model of the platform has no times and no users."""
    model = shown.model
    custom = shown.origin is not Origin.PLATFORM
    return {
        "model_id": model.model_id,
        "name": model.name,
        "provider": model.provider,
        "connected": shown.connected,
        "origin": shown.origin.value,
        "chat_generator_config": orjson.Fragment(model.chat_generator_config),
        "generation_kwargs": orjson.Fragment(model.generation_kwargs),
        "created_by": person_answer(shown.created_by),
        "last_updated_by": person_answer(shown.updated_by),
        "created_at": model.created_at if custom else None,
        "updated_at": model.updated_at if custom else None,
    }


def validation_answer(shown: Shown, is_new: bool) -> dict[str, Any]:
    """`wire.ValidationResult`: what is only given to what is saved, is left out."""
    answer = model_answer(shown)
    if is_new:
        unsaved = ("model_id", "created_by", "last_updated_by", "created_at", "updated_at")
        answer.update(dict.fromkeys(unsaved))
    return answer


def revision_answer(revision: Revision, author: Person | None) -> dict[str, Any]:
    """`wire.Revision`."""
    definition = revision.definition
    return {
        "model_id": revision.model_id,
        "revision": revision.revision,
        "change": revision.change,
        "changes": revision.changes,
        "restored_from": revision.restored_from,
        "name": definition.name,
        "provider": definition.provider,
        "chat_generator_config": orjson.Fragment(definition.chat_generator_config),
        "generation_kwargs": orjson.Fragment(definition.generation_kwargs),
        "created_by": person_answer(author),
        "created_at": revision.created_at,
    }


def person_answer(person: Person | None) -> dict[str, str | UUID] | None:
    """`wire.OauthUser`."""
    if person is None:
        return None
    return {"given_name": person.given_name, "family_name": person.family_name, "user_id": person.user_id}

"""What requests accept, and how their faults are told without repeating what was sent."""

from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

import haymow.wire
from haymow.errors import Fault
from haymow.wire import (
    CreateModelRequest,
    CreateSecret,
    CreateToken,
    ModelListQuery,
    PutMember,
    ReplaceSecret,
    Request,
    SecretListQuery,
    UpdateModelRequest,
    ValidateModelRequest,
    faults_of,
    unknown_field_faults,
)

ID = "0b9b1c36-5f0f-4b1e-8f3c-2f1d7f0a9e11"
REQUESTS = [kind for kind in vars(haymow.wire).values() if isinstance(kind, type) and issubclass(kind, Request)]


def faults(kind: type[BaseModel], document: object, pointer: str = "#") -> list[Fault]:
    with pytest.raises(ValidationError) as caught:
        kind.model_validate(document)
    return faults_of(caught.value, pointer)


def pointers(found: list[Fault]) -> list[str]:
    return [fault.pointer for fault in found]


@pytest.mark.parametrize(
    "document",
    [
        {"name": 5},
        {"name": True},
        {"name": ["gpt"]},
        {"provider": {"a": 1}},
        {"provider": 1.0},
        {"chat_generator_config": "text"},
        {"chat_generator_config": []},
        {"generation_kwargs": 0},
        {"generation_kwargs": False},
    ],
)
def test_a_value_of_another_type_is_a_fault_and_not_converted(document: dict[str, Any]) -> None:
    (found,) = faults(UpdateModelRequest, document)
    assert (found.pointer, found.code) == (f"#/{next(iter(document))}", "type")


def test_null_says_the_same_as_leaving_out() -> None:
    nothing = UpdateModelRequest.model_validate({})
    nulls = UpdateModelRequest.model_validate(dict.fromkeys(UpdateModelRequest.model_fields))
    assert nothing.model_dump() == nulls.model_dump() == dict.fromkeys(UpdateModelRequest.model_fields)


def test_every_fault_is_told_at_once() -> None:
    found = faults(CreateModelRequest, {"name": 1, "chat_generator_config": 2, "generation_kwargs": None})
    assert pointers(found) == ["#/name", "#/provider", "#/chat_generator_config", "#/generation_kwargs"]
    assert [fault.code for fault in found] == ["type", "required", "type", "type"]


@pytest.mark.parametrize("body", [None, [], "text", 1, True])
def test_a_body_that_is_no_object_is_one_fault(body: object) -> None:
    assert faults(UpdateModelRequest, body) == [Fault("#", "type", "This must be a JSON object.")]


def test_a_model_without_generation_kwargs_allows_any() -> None:
    request = CreateModelRequest.model_validate({"name": "a", "provider": "openai", "chat_generator_config": {}})
    assert request.generation_kwargs == {}


def test_keys_keep_their_order() -> None:
    config = {"type": "x", "init_parameters": {"z": 1, "a": 1.0}}
    assert list(UpdateModelRequest.model_validate({"chat_generator_config": config}).chat_generator_config or {}) == [
        "type",
        "init_parameters",
    ]


@pytest.mark.parametrize("kind", REQUESTS, ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("value", ["m4rker", ["m4rker"], {"m4rker": "m4rker"}, 424242, 4.24242, None])
def test_no_fault_repeats_a_value_or_an_unknown_key(kind: type[Request], value: object) -> None:
    document = {"m4rker": value, **dict.fromkeys(kind.model_fields, value)}
    found = unknown_field_faults(kind, document)
    try:
        kind.model_validate(document)
    except ValidationError as error:
        found += faults_of(error)
    assert found
    assert not any(part in repr(found) for part in ("m4rker", "424242", "4.24242"))
    allowed = {"#", *(f"#/{name}" for name in kind.model_fields), *(f"#/{name}/0" for name in kind.model_fields)}
    assert {fault.pointer for fault in found} <= allowed
    assert "invalid" not in {fault.code for fault in found}


def test_unknown_fields_are_ignored() -> None:
    request = UpdateModelRequest.model_validate({"name": "a", "connected": True, "nonsense": 1})
    assert request.model_dump(exclude_unset=True) == {"name": "a"}


def test_unknown_fields_are_counted_and_read_only_ones_named() -> None:
    document = {"name": "a", "model_id": ID, "origin": "WORKSPACE", "nonsense": 1, "more nonsense": 2}
    found = unknown_field_faults(UpdateModelRequest, document)
    assert pointers(found) == ["#/model_id", "#/origin", "#"]
    assert [fault.code for fault in found] == ["read_only", "read_only", "unknown_field"]
    assert "2 fields" in found[-1].message


def test_all_fields_of_an_answer_that_are_not_editable_are_read_only() -> None:
    answered = dict.fromkeys(haymow.wire.Model.model_fields)
    found = unknown_field_faults(UpdateModelRequest, answered)
    assert {fault.code for fault in found} == {"read_only"}
    assert len(found) == len(answered) - len(UpdateModelRequest.model_fields)


def test_a_document_of_known_fields_has_no_unknown_field_faults() -> None:
    assert unknown_field_faults(UpdateModelRequest, {"name": "a", "provider": None}) == []


@pytest.mark.parametrize("text", ["x", ID[:-1], ID.replace("-", ""), f"{{{ID}}}", f"urn:uuid:{ID}", "", 5, None])
def test_an_id_has_one_spelling(text: object) -> None:
    assert pointers(faults(PutMember, {"user_id": text, "role": "user"})) == ["#/user_id"]
    assert str(PutMember.model_validate({"user_id": ID.upper(), "role": "user"}).user_id) == ID


@pytest.mark.parametrize(
    "text",
    [5, 5.5, "5", "2027-01-31", "2027-01-31T12:00:00", "2027-13-31T12:00:00Z", "0001-01-01T00:00:00+23:59", "now"],
)
def test_a_time_without_offset_or_sense_is_a_fault(text: object) -> None:
    assert pointers(faults(CreateToken, {"name": "a", "expires_at": text})) == ["#/expires_at"]


def test_a_time_is_read_as_utc() -> None:
    token = CreateToken.model_validate({"name": "a", "expires_at": "2027-01-31T12:00:00+02:00"})
    assert token.expires_at == datetime(2027, 1, 31, 10, tzinfo=UTC)
    assert token.expires_at.tzinfo is UTC


def test_an_item_of_an_array_is_pointed_at() -> None:
    found = faults(CreateSecret, {"name": "a", "secret": "s3cret", "hosts": ["api.openai.com", 5]})
    assert pointers(found) == ["#/hosts/1"]


@pytest.mark.parametrize("kind", [CreateSecret, ReplaceSecret])
def test_a_secret_is_masked_until_it_is_opened(kind: type[CreateSecret] | type[ReplaceSecret]) -> None:
    request = kind.model_validate({"name": "a", "secret": "s3cret"})
    assert "s3cret" not in repr(request) + str(request) + str(request.model_dump()) + request.model_dump_json()
    assert request.secret.get_secret_value() == "s3cret"


def test_pydantics_own_message_holds_no_value() -> None:
    with pytest.raises(ValidationError) as caught:
        CreateSecret.model_validate({"name": "a", "secret": ["s3cret"]})
    assert "s3cret" not in str(caught.value)


def test_a_trial_takes_any_part_of_a_model() -> None:
    trial = ValidateModelRequest.model_validate({"model_id": ID, "provider": "openai"})
    assert str(trial.model_id) == ID


def test_query_parameters_are_converted_and_empty_ones_left_out() -> None:
    query = ModelListQuery.model_validate({"limit": "5", "connected": "true", "provider": "", "sort": "", "new": "1"})
    assert (query.limit, query.page_number, query.connected, query.provider, query.sort) == (5, 1, True, None, "name")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("limit", "0"),
        ("limit", "101"),
        ("limit", "x"),
        ("limit", "1" * 5000),
        ("page_number", "0"),
        ("page_number", str(2**64)),
        ("connected", "perhaps"),
        ("origin", "NOWHERE"),
        ("sort", "size"),
    ],
)
def test_a_query_parameter_out_of_range_is_a_fault(name: str, value: str) -> None:
    (found,) = faults(ModelListQuery, {name: value}, "#/query")
    assert found.pointer == f"#/query/{name}"
    assert value not in found.message or len(value) == 1


def test_a_list_of_secrets_is_ordered_in_either_case() -> None:
    assert SecretListQuery.model_validate({"order": "asc"}).order == "ASC"


def test_only_named_things_are_public() -> None:
    public = {name for name in vars(haymow.wire) if not name.startswith("_")}
    submodules = {name for name in public if type(getattr(haymow.wire, name)).__name__ == "module"}
    assert public - submodules == set(haymow.wire.__all__)

"""Input: JSON that breaks readers, and bodies of another shape or size than they may have."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.abuse.costs import costs_less_than
from tests.abuse.subject import OPENAI, Subject, config, refused
from tests.conftest import definition
from tests.running import RunningServer

NUL, SURROGATE = "\\u0000", "\\ud800"


def kwargs(text: str) -> bytes:
    """A body whose generation_kwargs hold this JSON text."""
    return b'{"generation_kwargs": {"type": "object", "properties": {"a": {"default": %s}}}}' % text.encode()


def with_keys(text: str) -> bytes:
    return b'{"generation_kwargs": {"type": "object", "properties": {"%s": {}}}}' % text.encode()


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity"])
def test_g1_what_is_no_json_number_is_400(subject: Subject, number: str) -> None:
    with subject.unharmed():
        refused(subject.patch_raw(kwargs(number)), 400)
        refused(subject.patch_raw(b'{"name": %s}' % number.encode()), 400)
        refused(subject.client.post(f"{subject.home}/secrets", content=b'{"name": "A", "secret": %s}' % number.encode(),
                                    headers={"content-type": "application/json"}), 400)  # fmt: skip


@pytest.mark.parametrize("number", ["1e400", "-1e400", "1e999999999", "1" * 400 + ".0"])
def test_g1_a_number_beyond_a_double_is_422(subject: Subject, number: str) -> None:
    with subject.unharmed():
        assert refused(subject.patch_raw(kwargs(number)), 422) == {"#/generation_kwargs": "number_too_large"}


@pytest.mark.parametrize("text", [NUL, SURROGATE, "\\udc00\\ud800", f"a{SURROGATE}b"])
def test_g2_what_is_no_text_is_422_in_values_and_in_keys(subject: Subject, text: str) -> None:
    bodies = [
        b'{"name": "a%s"}' % text.encode(),
        b'{"provider": "a%s"}' % text.encode(),
        b'{"unknown": "a%s"}' % text.encode(),
        b'{"a%s": 1}' % text.encode(),
        b'{"chat_generator_config": {"type": "%s", "init_parameters": {"model": "%s"}}}'
        % (OPENAI.encode(), text.encode()),
        kwargs(f'"{text}"'),
        with_keys(text),
    ]
    with subject.unharmed():
        for body in bodies:
            refused(subject.patch_raw(body), 422)
            refused(
                subject.client.post(subject.collection, content=body, headers={"content-type": "application/json"}), 422
            )


@pytest.mark.parametrize("digits", ["9" * 5000, "-" + "9" * 5000, str(2**63), str(2**64), str(2**53), str(-(2**53))])
def test_g3_long_integers_are_422_and_quickly(subject: Subject, server: RunningServer, digits: str) -> None:
    with subject.unharmed(), costs_less_than(2, server):
        for body in (
            kwargs(digits),
            b'{"name": %s}' % digits.encode(),
            b'{"chat_generator_config": {"type": %s}}' % digits.encode(),
        ):
            refused(subject.patch_raw(body), 422)
    largest = subject.patch_raw(kwargs(str(2**53 - 1)))
    assert largest.json()["generation_kwargs"]["properties"]["a"]["default"] == 2**53 - 1


def test_g5_nesting_beyond_any_use_is_400(subject: Subject) -> None:
    with subject.unharmed():
        for opening, closing in (("[", "]"), ('{"a":', "}")):
            refused(subject.patch_raw(b'{"name": %s}' % (opening * 100_000 + "1" + closing * 100_000).encode()), 400)
            refused(subject.patch_raw(opening.encode() * 100_000), 400)


@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"a":', "}")])
def test_g5_a_depth_of_65_is_422(subject: Subject, opening: str, closing: str) -> None:
    def body(depth: int) -> bytes:  # the body, generation_kwargs, properties and its member are four
        return kwargs(opening * (depth - 4) + "1" + closing * (depth - 4))

    with subject.unharmed():
        assert refused(subject.patch_raw(body(65)), 422) == {"#/generation_kwargs": "too_deep"}
    assert "too_deep" not in subject.patch_raw(body(64)).text


@pytest.mark.parametrize(
    "body",
    [
        '{"name": "n"}'.encode("utf-16"),
        '{"name": "n"}'.encode("utf-16-le"),
        '{"name": "n"}'.encode("utf-32"),
        b'\xef\xbb\xbf{"name": "n"}',
        b'{"name": "\xff"}',
        b'{"name": "\xc0\xaf"}',
        b'{"name": "\xed\xa0\x80"}',
        b'{"name": "n\xf0\x9f"}',
        b"",
        b" ",
        b"\x00",
        b"{",
        b'{"name": "n"',
        b'{"name": "n"} x',
        b'{"name": "n"}{"name": "m"}',
        b"{'name': 'n'}",
        b'{"name": "n",}',
        b'{name: "n"}',
        b'{"name": "a\nb"}',
        b'{"name": "a\tb"}',
        b'{"name": "n" /* c */}',
        b'{"name": 01}',
        b'{"name": +1}',
        b'{"name": .5}',
        b'{"name": "\\x41"}',
        b'{"name": "n", "name": "m"}',
        b'{"name": "n", "\\u006eame": "m"}',
        b'{"generation_kwargs": {"a": 1, "a": 2}}',
    ],
)
def test_g6_what_is_not_json_in_utf_8_is_400(subject: Subject, body: bytes) -> None:
    with subject.unharmed():
        refused(subject.patch_raw(body), 400)
        post = subject.client.post(subject.collection, content=body, headers={"content-type": "application/json"})
        refused(post, 400)


@pytest.mark.parametrize("body", ["null", "[]", "1", '"text"', "true", '[{"name": "n"}]'])
def test_a_body_that_is_no_object_is_422(subject: Subject, body: str) -> None:
    with subject.unharmed():
        assert refused(subject.patch_raw(body.encode()), 422) == {"#": "type"}


YAML = b"a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\nname: n\n"


@pytest.mark.parametrize("kind", ["application/yaml", "application/x-yaml", "text/yaml", "application/json"])
def test_g12_yaml_is_not_read(subject: Subject, kind: str) -> None:
    with subject.unharmed():
        for body in (YAML, b"!!python/object/apply:os.system ['id']", b"name: n"):
            answer = subject.client.patch(subject.url, content=body, headers={"content-type": kind})
            refused(answer, 400 if kind == "application/json" else 415)


@pytest.mark.parametrize(
    "text", ["!!python/object/apply:os.system ['id']", "*alias", "&anchor x", "<<: *base", "- a: b"]
)
def test_g12_yaml_in_a_text_stays_a_text(subject: Subject, text: str) -> None:
    changed = subject.patch({"name": text, "chat_generator_config": config(model=text)})
    assert changed.status_code == 200, changed.text
    assert changed.json()["name"] == text


ODD_KEYS = [
    "__proto__",
    "constructor",
    "prototype",
    "__class__",
    "__dict__",
    "__init__",
    "$where",
    "",
    "a.b",
    "a/b",
    "~0",
    "%s",
]


@pytest.mark.parametrize("key", ODD_KEYS)
def test_g14_keys_that_mean_something_elsewhere_are_inert(subject: Subject, key: str) -> None:
    schema = {"type": "object", "properties": {key: {"type": "object", "default": {key: {key: 1}}}}}
    changed = subject.patch({"generation_kwargs": schema, key: {"name": "polluted", "connected": True}})
    assert changed.status_code == 200, changed.text
    assert changed.json()["generation_kwargs"] == schema
    assert changed.json()["name"] == subject.model["name"]
    with subject.unharmed():
        answer = subject.patch_config(**{key: {"model": "polluted"}})
        assert refused(answer, 422) == {"#/chat_generator_config/init_parameters": "unknown_parameter"}
        answer = subject.patch({"chat_generator_config": {**config(), key: 1}})
        assert refused(answer, 422) == {"#/chat_generator_config": "unknown_parameter"}


def test_many_faults_are_told_up_to_fifty(subject: Subject) -> None:
    schema = {"type": "object", "properties": {f"p{n}": {"type": "nothing", "minimum": "x"} for n in range(200)}}
    with subject.unharmed():
        answer = subject.patch({"generation_kwargs": schema, "name": " bad", "provider": "Bad"})
        refused(answer, 422)
    assert len(answer.json()["details"]) == 50
    assert "p100" not in answer.text


@pytest.mark.parametrize("field", ["name", "provider", "chat_generator_config", "generation_kwargs"])
@pytest.mark.parametrize("value", [1, 1.5, True, [], [{}], "", "x" * 70_000], ids=range(7))
def test_a_field_of_another_type_is_422(subject: Subject, field: str, value: object) -> None:
    body = {**definition("d"), field: value}
    with subject.unharmed():
        for answer in (subject.patch(body), subject.client.post(subject.collection, json=body)):
            assert list(refused(answer, 422)) == [f"#/{field}"]


LIMITS: list[tuple[dict[str, Any], dict[str, str]]] = [
    ({"name": "x" * 256}, {"#/name": "name_length"}),
    ({"name": ""}, {"#/name": "name_length"}),
    ({"provider": "x" * 65}, {"#/provider": "provider_slug"}),
    ({"chat_generator_config": config(model="x" * (64 * 1024 + 1))}, {"#/chat_generator_config": "string_too_long"}),
    (
        {"generation_kwargs": {"type": "object", "properties": {f"p{n}": {} for n in range(10_001)}}},
        {"#": "too_many_keys"},
    ),
    ({"generation_kwargs": {"description": "x" * (64 * 1024 + 1)}}, {"#/generation_kwargs": "string_too_long"}),
]


@pytest.mark.parametrize(("part", "faults"), LIMITS, ids=[next(iter(part)) for part, _ in LIMITS])
def test_e15_an_update_has_the_limits_of_a_create(
    subject: Subject, part: dict[str, Any], faults: dict[str, str]
) -> None:
    with subject.unharmed():
        update = subject.patch(part)
        create = subject.client.post(subject.collection, json={**definition("new"), **part})
        validate = subject.client.post(f"{subject.home}/models/validate", json={**part, "model_id": subject.id})
        for answer in (update, create, validate):
            assert refused(answer, 422) == faults
    assert update.json()["details"] == create.json()["details"] == validate.json()["details"]


def test_e15_a_body_of_a_megabyte_is_too_large_for_both(subject: Subject) -> None:
    body = json.dumps({**definition("big"), "padding": ["x" * 60_000] * 18}).encode()
    json_type = {"content-type": "application/json"}
    with subject.unharmed():
        refused(subject.client.patch(subject.url, content=body, headers=json_type), 413)
        refused(subject.client.post(subject.collection, content=body, headers=json_type), 413)

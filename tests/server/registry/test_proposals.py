"""From what is sent to what is saved: what merges, what counts as a change, what is refused. No database."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from haymow.errors import Invalid
from haymow.server.registry import rules
from haymow.server.registry.proposals import NOTHING, Change, applied, change_to, propose
from haymow.server.registry.rules import FIELDS, Definition
from tests.server.registry.shelf import openai_config

CONFIGS = [
    openai_config(),
    openai_config(model="gpt-5", generation_kwargs={"temperature": 1}),
    {"type": "OllamaChatGenerator", "init_parameters": {"url": "http://localhost:11434"}},
]
SCHEMAS: list[dict[str, Any]] = [
    {},
    {"type": "object", "properties": {"temperature": {"type": "number", "maximum": 2}}},
    {"type": "object", "properties": {"top_p": {"type": "number"}}},
]

scalars = st.none() | st.booleans() | st.integers(-9, 9) | st.sampled_from([0.0, 1.0, -1.0, 2.5]) | st.text(max_size=3)
documents = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)
changes = st.builds(
    Change,
    name=st.none() | st.sampled_from(["one", "two", "Zwei"]),
    provider=st.none() | st.sampled_from(["openai", "azure"]),
    chat_generator_config=st.none() | st.sampled_from(CONFIGS),
    generation_kwargs=st.none() | st.sampled_from(SCHEMAS),
)

BEFORE = applied(NOTHING, propose(Change("name", "openai", CONFIGS[0], SCHEMAS[1])), administrator=True)


def after(before: Definition, change: Change, administrator: bool = True) -> Definition:
    return applied(before, propose(change), administrator)


def of_value(value: Any) -> dict[str, Any]:
    """A schema that has any JSON value in it."""
    return {"type": "object", "properties": {"a": {"const": value}}}


def shuffled(value: Any, by: random.Random) -> Any:
    """The same document with its keys in another order."""
    if isinstance(value, dict):
        items = [(key, shuffled(inner, by)) for key, inner in value.items()]
        by.shuffle(items)
        return dict(items)
    return [shuffled(inner, by) for inner in value] if isinstance(value, list) else value


def same(left: Any, right: Any) -> bool:
    """What JSON readers that keep 1 and 1.0 apart, and know no order of keys, call equal."""
    if type(left) is not type(right):
        return False
    if isinstance(left, dict):
        return left.keys() == right.keys() and all(same(left[key], right[key]) for key in left)
    if isinstance(left, list):
        return len(left) == len(right) and all(map(same, left, right))
    return repr(left) == repr(right)


class TestMerging:
    @given(changes)
    def test_what_is_given_replaces_and_what_is_not_stays(self, change: Change) -> None:
        merged = after(BEFORE, change)
        for field in ("name", "provider"):
            given_value = getattr(change, field)
            assert getattr(merged, field) == (getattr(BEFORE, field) if given_value is None else given_value)
        if change.generation_kwargs is None:
            assert merged.generation_kwargs == BEFORE.generation_kwargs
        else:
            assert json.loads(merged.generation_kwargs) == change.generation_kwargs
        if change.chat_generator_config is None:
            assert merged.chat_generator_config == BEFORE.chat_generator_config
            assert (merged.needs, merged.destination) == (BEFORE.needs, BEFORE.destination)

    @given(changes, changes)
    def test_changes_of_different_fields_may_come_in_either_order(self, first: Change, second: Change) -> None:
        def fields(change: Change) -> set[str]:
            return {field for field in FIELDS if getattr(change, field) is not None}

        if not fields(first) & fields(second):
            assert after(after(BEFORE, first), second) == after(after(BEFORE, second), first)

    @given(changes, changes)
    def test_of_one_field_the_later_counts(self, first: Change, second: Change) -> None:
        merged = after(after(BEFORE, first), second)
        for field in ("name", "provider"):
            given_value = getattr(second, field) or getattr(first, field) or getattr(BEFORE, field)
            assert getattr(merged, field) == given_value

    @given(changes)
    def test_the_same_change_again_changes_nothing(self, change: Change) -> None:
        once = after(BEFORE, change)
        assert after(once, change) == once

    @given(changes)
    def test_a_definition_made_of_another_is_the_same(self, change: Change) -> None:
        merged = after(BEFORE, change)
        assert after(NOTHING, change_to(merged)) == merged


class TestDocuments:
    @given(documents, st.randoms(use_true_random=False))
    def test_another_order_of_keys_is_no_change(self, value: Any, by: random.Random) -> None:
        stored = after(BEFORE, Change(generation_kwargs=of_value(value)))
        again = after(stored, Change(generation_kwargs=shuffled(of_value(value), by)))
        assert rules.changed_fields(stored, again) == ()
        assert again == stored

    @given(documents, documents)
    def test_two_documents_are_the_same_by_value_and_by_type(self, left: Any, right: Any) -> None:
        stored = after(BEFORE, Change(generation_kwargs=of_value(left)))
        changed = after(stored, Change(generation_kwargs=of_value(right)))
        assert (rules.changed_fields(stored, changed) == ()) == same(left, right)

    @pytest.mark.parametrize(
        ("left", "right"),
        [
            (1, 1.0),
            (1, True),
            (0, False),
            (0.0, -0.0),
            ("1", 1),
            (None, False),
            ([], {}),
            ([1, True], [True, 1]),
            ([1.0, 1], [1, 1.0]),
        ],
    )
    def test_what_python_may_take_for_equal_is_a_change(self, left: Any, right: Any) -> None:
        stored = after(BEFORE, Change(generation_kwargs=of_value(left)))
        assert rules.changed_fields(stored, after(stored, Change(generation_kwargs=of_value(right))))

    @given(documents)
    def test_what_is_stored_is_what_was_sent_in_its_order(self, value: Any) -> None:
        stored = after(BEFORE, Change(generation_kwargs=of_value(value)))
        assert stored.generation_kwargs == json.dumps(of_value(value), ensure_ascii=False, separators=(",", ":"))

    def test_a_type_in_short_is_no_change_of_the_same_in_full(self) -> None:
        full = json.loads(BEFORE.chat_generator_config)
        short = {**full, "type": "OpenAIChatGenerator"}
        assert after(BEFORE, Change(chat_generator_config=short)) == BEFORE

    def test_an_omitted_parameter_and_its_default_are_two_definitions(self) -> None:
        written = openai_config(streaming_callback=None)
        assert rules.changed_fields(BEFORE, after(BEFORE, Change(chat_generator_config=written)))


class TestWhatFollows:
    def test_needs_and_destination_come_from_the_config(self) -> None:
        assert (BEFORE.needs, BEFORE.destination) == ((("OPENAI_API_KEY",),), "api.openai.com:443")
        moved = after(BEFORE, Change(chat_generator_config=CONFIGS[2]))
        assert (moved.needs, moved.destination) == ((), "localhost:11434")

    def test_they_stay_when_the_config_does(self) -> None:
        renamed = after(BEFORE, Change(name="other", generation_kwargs={}))
        assert (renamed.needs, renamed.destination) == (BEFORE.needs, BEFORE.destination)


class TestRefused:
    def test_the_faults_of_every_field_come_at_once(self) -> None:
        wrong = Change("bad ", "No Slug", {"type": "X", "init_parameters": {}}, {"type": "array"})
        with pytest.raises(Invalid) as caught:
            propose(wrong)
        first, second, third, fourth = (fault.pointer for fault in caught.value.faults)
        assert (first, second, third) == ("#/name", "#/provider", "#/chat_generator_config/type")
        assert fourth.startswith("#/generation_kwargs")
        assert caught.value.code == "invalid_model"

    @pytest.mark.parametrize("sent", ["config", "schema", "both"])
    def test_parts_that_do_not_go_together(self, sent: str) -> None:
        hot = openai_config(generation_kwargs={"temperature": 9})
        cold = SCHEMAS[1]
        loose = after(BEFORE, Change(generation_kwargs={}))
        before, change = {
            "config": (BEFORE, Change(chat_generator_config=hot)),
            "schema": (after(loose, Change(chat_generator_config=hot)), Change(generation_kwargs=cold)),
            "both": (loose, Change(chat_generator_config=hot, generation_kwargs=cold)),
        }[sent]
        with pytest.raises(Invalid) as caught:
            after(before, change)
        assert all("/generation_kwargs" in fault.pointer for fault in caught.value.faults)
        assert "9" not in "".join(fault.message for fault in caught.value.faults)

    def test_a_change_of_neither_part_does_not_look_at_them_again(self) -> None:
        """Rules grow stricter; a name can be changed all the same."""
        odd = Definition("n", "openai", '{"type":"gone.Generator","init_parameters":{}}', '{"type":"odd"}')
        assert after(odd, Change(name="m")).name == "m"

    def test_parameters_of_administrators(self) -> None:
        settled = after(BEFORE, Change(chat_generator_config=openai_config(http_client_kwargs={"timeout": 5})))
        kept = Change(chat_generator_config=openai_config(http_client_kwargs={"timeout": 5}, model="other"))
        assert after(settled, kept, administrator=False).chat_generator_config != settled.chat_generator_config
        for change in (CONFIGS[0], openai_config(http_client_kwargs={"timeout": 6})):
            with pytest.raises(Invalid) as caught:
                after(settled, Change(chat_generator_config=change), administrator=False)
            assert {fault.code for fault in caught.value.faults} == {"administrator_only"}

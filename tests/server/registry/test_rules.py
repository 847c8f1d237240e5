"""The registry's rules: no database, no server."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from haymow.errors import Fault, Invalid
from haymow.server.registry import rules
from haymow.server.registry.rules import PLATFORM_ID, Definition, Model, Origin, Scope

ORGANIZATION_ID, WORKSPACE_ID = UUID(int=20), UUID(int=30)
FROM_WORKSPACE, FROM_ORGANIZATION = Scope(ORGANIZATION_ID, WORKSPACE_ID), Scope(ORGANIZATION_ID, None)
THEN, LATER = datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 11, 2, tzinfo=UTC)

DEFINITION = Definition("gpt", "openai", '{"type":"X"}', "{}")


def model(scope_id: UUID, number: int = 1) -> Model:
    return Model(scope_id, UUID(int=number), DEFINITION, 3, "tag", THEN, UUID(int=7), THEN, UUID(int=7))


def with_other(field: str) -> Definition:
    """The definition with one field changed."""
    change: Any = {field: "other"}
    return DEFINITION._replace(**change)


class TestScope:
    def test_a_workspace_sees_its_own_the_organizations_and_the_platforms_in_that_order(self) -> None:
        assert FROM_WORKSPACE.visible == (WORKSPACE_ID, ORGANIZATION_ID, PLATFORM_ID)
        assert FROM_WORKSPACE.own_id == WORKSPACE_ID

    def test_the_organization_sees_no_workspaces(self) -> None:
        assert FROM_ORGANIZATION.visible == (ORGANIZATION_ID, PLATFORM_ID)
        assert FROM_ORGANIZATION.own_id == ORGANIZATION_ID

    def test_the_platform_has_no_secrets(self) -> None:
        assert FROM_WORKSPACE.secret_scopes == (WORKSPACE_ID, ORGANIZATION_ID)
        assert FROM_ORGANIZATION.secret_scopes == (ORGANIZATION_ID,)

    @pytest.mark.parametrize("scope", [FROM_WORKSPACE, FROM_ORGANIZATION])
    def test_origins_and_scopes_are_two_names_of_one_thing(self, scope: Scope) -> None:
        for scope_id in scope.visible:
            assert scope.scope_of(scope.origin_of(scope_id)) == scope_id

    def test_seen_from_the_organization_no_model_is_a_workspaces(self) -> None:
        assert FROM_ORGANIZATION.scope_of(Origin.WORKSPACE) not in FROM_ORGANIZATION.visible

    @pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0), (2,), (1, 2)])
    def test_the_nearest_of_a_name_is_meant(self, order: tuple[int, ...]) -> None:
        models = [model(FROM_WORKSPACE.visible[place]) for place in order]
        found = rules.first_of(models, FROM_WORKSPACE)
        assert found is not None
        assert found.scope_id == FROM_WORKSPACE.visible[min(order)]

    def test_no_model_is_meant_where_there_is_none(self) -> None:
        assert rules.first_of([], FROM_WORKSPACE) is None


class TestChange:
    @pytest.mark.parametrize("field", rules.FIELDS)
    def test_the_fields_that_differ_are_named(self, field: str) -> None:
        assert rules.changed_fields(DEFINITION, with_other(field)) == (field,)

    def test_they_are_named_in_one_order(self) -> None:
        other = Definition("a", "b", "c", "d")
        assert rules.changed_fields(DEFINITION, other) == rules.FIELDS
        assert rules.changed_fields(DEFINITION, DEFINITION) == ()

    def test_what_follows_from_a_definition_is_no_field_of_it(self) -> None:
        other = DEFINITION._replace(needs=(("A",),), destination="host:443")
        assert rules.changed_fields(DEFINITION, other) == ()

    def test_the_next_revision_keeps_who_made_it_and_when(self) -> None:
        before = model(WORKSPACE_ID)
        after = rules.next_revision(before, DEFINITION._replace(name="new"), "next", LATER, UUID(int=8))
        assert (after.revision, after.tag, after.name) == (4, "next", "new")
        assert (after.updated_at, after.updated_by) == (LATER, UUID(int=8))
        assert (after.created_at, after.created_by, after.model_id) == (THEN, UUID(int=7), before.model_id)


class TestNameAndProvider:
    @pytest.mark.parametrize("provider", ["openai", "aws-bedrock", "x", "a.b_c-d", "0", "x" * 64])
    def test_a_slug_is_fine(self, provider: str) -> None:
        assert rules.check_name_and_provider("name", provider) == []

    @pytest.mark.parametrize(
        "provider", ["", "OpenAI", "open ai", "-a", "a-", ".a", "a_", "x" * 65, "\u0661", "a\n", "a/b", "\u00e9", "--"]
    )
    def test_anything_else_is_not(self, provider: str) -> None:
        (fault,) = rules.check_name_and_provider(None, provider)
        assert (fault.pointer, fault.code) == ("#/provider", "provider_slug")

    def test_what_is_not_given_is_not_checked(self) -> None:
        assert rules.check_name_and_provider(None, None) == []

    @given(st.text(max_size=80))
    def test_no_text_breaks_the_check_or_comes_back(self, text: str) -> None:
        for fault in rules.check_name_and_provider(text, text):
            assert len(text) < 8 or text not in fault.message


class TestRestricted:
    POINTER = "#/chat_generator_config/init_parameters/http_client_kwargs"

    @pytest.mark.parametrize(
        ("before", "after"),
        [({}, {POINTER: {"timeout": 1}}), ({POINTER: {"timeout": 1}}, {}), ({POINTER: {"a": 1}}, {POINTER: {"a": 2}}),
         ({}, {POINTER: None})],
    )  # fmt: skip
    def test_setting_removing_and_changing_take_an_administrator(
        self, before: dict[str, object], after: dict[str, object]
    ) -> None:
        (fault,) = rules.check_restricted(before, after)
        assert (fault.pointer, fault.code) == (self.POINTER, "administrator_only")

    def test_what_stays_as_it_is_takes_nobody(self) -> None:
        same = {self.POINTER: {"timeout": 1}}
        assert rules.check_restricted(same, dict(same)) == []


class TestConnected:
    @pytest.mark.parametrize(
        ("needs", "usable", "connected"),
        [
            ((), (), None),
            ((), ("A",), None),
            ((("A",),), (), False),
            ((("A",),), ("A",), True),
            ((("A", "B"),), ("B",), True),
            ((("A",), ("B",)), ("A",), False),
            ((("A",), ("B",)), ("A", "B", "C"), True),
            ((("A", "B"), ("B", "C")), ("B",), True),
        ],
    )
    def test_each_need_has_one_usable_secret(
        self, needs: rules.Needs, usable: tuple[str, ...], connected: bool | None
    ) -> None:
        assert rules.is_connected(needs, usable) is connected

    @pytest.mark.parametrize(
        ("needs", "usable", "passed", "connected"),
        [
            ((), (), True, True),
            ((), (), False, False),
            ((("A",),), ("A",), True, True),
            ((("A",),), ("A",), False, False),
            ((("A",),), (), True, False),
            ((("A",),), (), False, False),
        ],
    )
    def test_a_test_decides_where_nothing_is_missing(
        self, needs: rules.Needs, usable: tuple[str, ...], passed: bool, connected: bool
    ) -> None:
        assert rules.is_connected(needs, usable, passed) is connected


def test_faults_are_raised_together_with_the_published_sentence() -> None:
    rules.require_no([])
    two = [Fault("#/name", "a", "b"), Fault("#/provider", "c", "d")]
    with pytest.raises(Invalid) as caught:
        rules.require_no(iter(two))
    assert caught.value.message == "The model configuration is invalid."
    assert caught.value.faults == tuple(two)

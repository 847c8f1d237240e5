"""What a connection test asks, what a failure is called, and how many tests there may be."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from haymow.errors import Conflict, HaymowError, Invalid, NotFound, RateLimited, Unavailable, UpstreamFailed
from haymow.server.serving import probe_rules as rules
from haymow.server.serving.probe_rules import Bucket, Reason


class TestOutcomes:
    @pytest.mark.parametrize(
        ("error", "reason", "called"),
        [
            (Conflict("Enter KEY.", code="missing_secret"), "missing_secret", False),
            (Unavailable("", code="secret_unreadable"), "missing_secret", False),
            (UpstreamFailed("", code="upstream_credentials"), "invalid_credentials", True),
            (UpstreamFailed("", code="upstream_model_not_found"), "model_not_found", True),
            (UpstreamFailed("", code="upstream_unreachable"), "unreachable", True),
            (UpstreamFailed("", code="upstream_failed"), "unreachable", True),
            (UpstreamFailed("", code="something_new"), "unreachable", True),
            (UpstreamFailed("", code="blocked_by_policy"), "blocked_by_policy", False),
            (RateLimited("", retry_after=5, code="upstream_rate_limited"), "rate_limited", True),
            (UpstreamFailed("", code="upstream_timeout"), "timeout", True),
            (Conflict("Install it.", code="incompatible"), "incompatible", False),
            (Invalid("", code="upstream_rejected"), "incompatible", True),
            (UpstreamFailed("", code="upstream_rejected"), "incompatible", True),
            (UpstreamFailed("", code="upstream_malformed"), "incompatible", True),
            (Invalid("", code="unsupported_parameter"), "incompatible", False),
            (Invalid(""), "incompatible", False),
        ],
    )
    def test_each_failure_of_a_chat_has_one_reason(self, error: HaymowError, reason: str, called: bool) -> None:
        outcome = rules.outcome_of(error)
        assert outcome is not None
        assert (outcome.reason, outcome.called) == (reason, called)
        assert outcome.detail

    @pytest.mark.parametrize("error", [NotFound(""), Unavailable(""), RateLimited("", retry_after=1)])
    def test_what_is_none_of_the_models_doing_is_none_of_them(self, error: HaymowError) -> None:
        assert rules.outcome_of(error) is None

    def test_every_reason_has_its_cause(self) -> None:
        said = {one.reason for one in rules._OUTCOMES.values()} | {rules.ANSWERED.reason}
        assert set(Reason) == said | {Reason.INCOMPATIBLE, Reason.MISSING_SECRET}

    def test_each_has_its_advice_for_later(self) -> None:
        assert all(rules.advice_of(reason).endswith(".") for reason in Reason)
        of_one_cause = {"upstream_credentials", "upstream_model_not_found", "upstream_timeout", "blocked_by_policy"}
        told = {rules._OUTCOMES[code].reason: rules._OUTCOMES[code].detail for code in of_one_cause}
        assert {reason: rules.advice_of(reason) for reason in told} == told
        of_a_cause = {one.detail for one in rules._OUTCOMES.values()}
        assert not of_a_cause & {rules.advice_of(one) for one in ("missing_secret", "unreachable", "incompatible")}

    def test_our_own_sentence_names_what_to_enter_or_install(self) -> None:
        outcome = rules.outcome_of(Conflict("Install haymow[anthropic].", code="incompatible"))
        assert outcome is not None
        assert outcome.detail == "Install haymow[anthropic]."


class TestQuestion:
    @pytest.mark.parametrize(
        ("schema", "defaults", "limits"),
        [
            ({}, {}, [{}]),
            ({"properties": {"temperature": {"type": "number"}}}, {}, [{}]),
            ({"properties": {"max_tokens": {"type": "integer"}}}, {}, [{"max_tokens": 16}, {}]),
            ({"properties": {"max_tokens": {"type": "integer", "maximum": 4096}}}, {}, [{"max_tokens": 16}, {}]),
            ({"properties": {"max_tokens": {"type": "integer", "maximum": 8}}}, {}, [{"max_tokens": 8}, {}]),
            ({"properties": {"max_tokens": {"type": "integer", "minimum": 64}}}, {}, [{"max_tokens": 64}, {}]),
            ({"properties": {"max_tokens": {"type": "number"}}}, {}, [{}]),
            ({"properties": {"max_tokens": True}}, {}, [{}]),
            ({"properties": {"max_tokens": {"type": "integer"}}}, {"max_tokens": 900}, [{}]),
            ({"properties": {"max_tokens": {"type": "integer"}}}, {"max_completion_tokens": 900}, [{}]),
            (
                {"properties": {"max_tokens": {"type": "integer"}, "max_completion_tokens": {"type": "integer"}}},
                {},
                [{"max_completion_tokens": 16}, {}],
            ),
        ],
    )
    def test_a_declared_limit_comes_first_and_the_plain_chat_last(
        self, schema: Any, defaults: Any, limits: list[dict[str, int]]
    ) -> None:
        chats = list(rules.chats("m", schema, defaults))
        assert [chat.parameters for chat in chats] == limits
        assert all(chat.model == "m" and not chat.stream and not chat.tools for chat in chats)
        assert all(chat.messages == [{"role": "user", "content": "Hi"}] for chat in chats)


class TestHowMany:
    def test_a_new_bucket_is_full(self) -> None:
        assert rules.refilled(None, 10, 5.0) == Bucket(10, 5.0)

    @given(st.floats(0, 10), st.floats(0, 1e6), st.floats(0, 1e6))
    def test_it_fills_with_time_and_never_over(self, left: float, at: float, later: float) -> None:
        filled = rules.refilled(Bucket(left, at), 10, at + later)
        assert left <= filled.left <= 10
        assert filled.left == 10 or later < rules.PERIOD

    @given(st.floats(0, 10))
    @example(1 / 3)
    def test_after_the_told_seconds_one_may_begin_and_not_much_before(self, left: float) -> None:
        bucket = Bucket(left, 0.0)
        wait = rules.seconds_until_one(bucket, 10)
        assert wait == 0 or left < 1
        assert rules.refilled(bucket, 10, float(wait)).left >= 1 - 1e-8
        assert wait == 0 or rules.refilled(bucket, 10, wait - 1.0).left < 1

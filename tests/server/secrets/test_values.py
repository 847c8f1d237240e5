"""What may be entered as a secret, and that a value shows nowhere."""

import copy
import logging
import pickle
import traceback

import pytest
from hypothesis import given
from hypothesis import strategies as st

from haymow.errors import Invalid
from haymow.server.secrets.rules import MOST_VALUE_BYTES, SecretValue, entered, faults_of_name, faults_of_value

CANARY = "canary-5f1d0c7e9ab24c68"

KEYS = [
    "sk-proj-4f9aX2bQ7mZr8T1vLk3NwYcE6uHs0dJg",
    "hf_aBcDeFgHiJkLmNoPqRsTuVwXyZ",
    "0123456789abcdef0123456789abcdef",
    "AKIAIOSFODNN7EXAMPLE",
    "eyJhbGciOiJkaXIifQ..5vXy.aBc.dEf",  # a JWE has two dots
    "postgresql://user:p%40ss@db.example/haymow",
    '{"type": "service_account", "private_key": "a\\nb"}',
    "xoxb-12345-67890-abcXXXXdef",
    "x7",
    "secret",
    "a",
    "exxxxtra-long-key",
    "p**2",
    "$ecret_KEY",
    "Open_Sesame_KEY",
    "not a secret, but a pass phrase ... with three dots in a long sentence of words",
]

MASKS = [
    "*", "***", "********", "\u2022\u2022\u2022\u2022\u2022\u2022", "\u25cf\u25cf\u25cf",
    "xxxx", "XXXXXXXX", "xxxx-xxxx-xxxx", "...", "\u2026", "####",
    "sk-12****ab", "sk-1234***", "***abcd", "sk-12...ab",
    "sk-12\u2026ab", "sk-proj-****************************abcd",
    "sk-xxxx", "sk-proj-xxxxxxxx", "hf_xxxxxxxxxxxxxxxx", "sk-12xxxxxxxxxxab", "sk-12\u2022\u2022\u2022\u2022",
    "<redacted>", "[REDACTED]", "(hidden)", "{{ secret }}", "**masked**", "REDACTED", "redacted", "[Filtered]",
    "OPENAI_API_KEY", "$OPENAI_API_KEY", "${HF_TOKEN}", "AWS_SECRET_ACCESS_KEY",
    "SecretValue(***)", "SecretStr('**********')", " *** ", "postgresql://user:******@db.example.com/a-name-that-is-long",
]  # fmt: skip


def codes(value: str) -> list[str]:
    return [fault.code for fault in faults_of_value(SecretValue(value))]


@pytest.mark.parametrize("value", KEYS)
def test_a_key_is_accepted(value: str) -> None:
    assert codes(value) == []


@pytest.mark.parametrize("value", MASKS)
def test_a_mask_that_is_sent_back_is_refused(value: str) -> None:
    assert codes(value) == ["masked_secret"]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("", ["empty_secret"]),
        ("two\nlines", ["secret_character"]),
        ("ends with a line break\n", ["secret_character", "secret_edge"]),
        ("sk\u20135f1d0c7e", ["secret_character"]),  # an en dash, as a word processor makes of a hyphen
        ("tab\tinside", ["secret_character"]),
        ("nul\x00inside", ["secret_character"]),
        ("del\x7finside", ["secret_character"]),
        ("\u00a0sk-5f1d0c7e", ["secret_character", "secret_edge"]),
        (" sk-5f1d0c7e", ["secret_edge"]),
        ("sk-5f1d0c7e ", ["secret_edge"]),
        ("k" * (MOST_VALUE_BYTES + 1), ["secret_too_long"]),
        ("kl" * (MOST_VALUE_BYTES // 2), []),
    ],
)
def test_what_no_header_can_carry_is_refused(value: str, expected: list[str]) -> None:
    assert codes(value) == expected


@given(st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E, exclude_characters="*.xX#<[({ "), min_size=1))
def test_printable_text_that_is_no_mask_is_accepted(value: str) -> None:
    assert codes(value) == ([] if value.lower() not in ("redacted", "masked") else ["masked_secret"])


@given(st.text(min_size=1, max_size=40).filter(lambda value: not value.isascii()))
def test_nothing_outside_ascii_is_accepted(value: str) -> None:
    assert codes(value)


@pytest.mark.timeout(10)
@pytest.mark.parametrize("part", ["x", "*", ".", "\u2022", "a-", "<", "[{(*", "- _"])
def test_a_long_value_is_checked_at_once(part: str) -> None:
    expected = ["masked_secret"] if part in "x*.\u2022" else []
    assert codes(part * (MOST_VALUE_BYTES // len(part.encode()))) == expected
    assert codes((part * MOST_VALUE_BYTES)[: MOST_VALUE_BYTES - 1] + "!") == expected


@pytest.mark.parametrize("name", ["OPENAI_API_KEY", "a", "_", "k9", "n" * 128])
def test_a_name_like_an_environment_variables_is_accepted(name: str) -> None:
    assert faults_of_name(name) == []


@pytest.mark.parametrize("name", ["", "9K", "a-b", "a b", "a.b", "n" * 129, "KEY\n", "K\u00c9Y", "\u212aEY", "a/b"])
def test_another_name_is_refused(name: str) -> None:
    assert [(fault.pointer, fault.code) for fault in faults_of_name(name)] == [("#/name", "invalid_secret_name")]


@pytest.mark.parametrize(
    "name", ["hf_QwErTyUiOpAsDfGhJkLzXcVbNm", "a8fK3mZ0pQ7rT2vX9bN5cL1dW6hJ4gYs", "AKIAIOSFODNN7EXAMPLE"]
)
def test_a_key_is_no_name_and_is_told_so(name: str) -> None:
    (fault,) = faults_of_name(name)
    assert (fault.pointer, fault.code) == ("#/name", "invalid_secret_name")
    assert "looks like a key" in fault.message and name not in fault.message


def test_every_fault_is_named_at_once_and_nothing_of_the_request() -> None:
    with pytest.raises(Invalid) as caught:
        entered(SecretValue(CANARY + "\n"), ["ok.example", CANARY + "/"], name=CANARY)
    faults = caught.value.faults
    assert [fault.pointer for fault in faults] == ["#/name", "#/secret", "#/secret", "#/hosts/1"]
    assert CANARY not in str(caught.value) + repr(faults)


def test_a_value_shows_in_no_text() -> None:
    value = SecretValue(CANARY)
    shown = [repr(value), str(value), f"{value}", "%s %r" % (value, value), repr([value]), repr(entered(value, None))]  # noqa: UP031
    assert CANARY not in "".join(shown)
    assert value.reveal() == CANARY


def test_a_value_is_not_copied_out_of_its_box() -> None:
    for attempt in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError) as caught:
            attempt(SecretValue(CANARY))
        assert CANARY not in str(caught.value)
    assert not hasattr(SecretValue(CANARY), "__dict__")


def test_a_refused_value_shows_in_no_traceback_and_no_log(caplog: pytest.LogCaptureFixture) -> None:
    value = SecretValue(CANARY + "\u2013")
    with pytest.raises(Invalid) as caught:
        entered(value, None)
    logging.getLogger("haymow").error("refused", exc_info=caught.value)
    shown = "".join(traceback.TracebackException.from_exception(caught.value, capture_locals=True).format())
    assert "SecretValue(***)" in shown
    assert CANARY not in shown + caplog.text

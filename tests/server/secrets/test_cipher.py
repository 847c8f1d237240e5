"""A ciphertext opens with its key at its place, and nowhere else."""

import os
import traceback
from dataclasses import replace
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from haymow.server.secrets.cipher import DataKey, Hidden, MasterKey, Unreadable, WrappedKey, new_key
from haymow.server.secrets.key_file import KeyEntry
from haymow.server.secrets.master_keys import MasterKeys
from haymow.server.secrets.rules import Place, SecretValue

CANARY = "canary-5f1d0c7e9ab24c68"
SCOPE, SECRET = uuid4(), uuid4()
PLACE = Place(SCOPE, SECRET, 3)


def master_key() -> MasterKey:
    return MasterKey(Hidden(os.urandom(32)))


def data_key() -> DataKey:
    key = master_key()
    return key.unwrap(key.new_data_key(SCOPE))


def flipped(data: bytes, position: int) -> bytes:
    position %= len(data)
    return data[:position] + bytes([data[position] ^ 1]) + data[position + 1 :]


@given(
    st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), min_size=1),
    st.uuids(),
    st.uuids(),
    st.integers(1, 2**31),
)
def test_a_value_comes_back_as_it_went_in(text: str, scope_id: UUID, secret_id: UUID, version: int) -> None:
    place, key = Place(scope_id, secret_id, version), data_key()
    assert key.decrypt(key.encrypt(SecretValue(text), place), place).reveal() == text


def test_a_ciphertext_holds_nothing_readable_and_is_never_the_same() -> None:
    key = data_key()
    first, second = (key.encrypt(SecretValue(CANARY), PLACE) for _ in range(2))
    assert CANARY.encode() not in first
    assert first != second
    assert first[1:13] != second[1:13]


@pytest.mark.parametrize(
    "elsewhere",
    [
        PLACE._replace(scope_id=uuid4()),
        PLACE._replace(secret_id=uuid4()),
        PLACE._replace(version=2),
        PLACE._replace(version=4),
        Place(SECRET, SCOPE, 3),
    ],
    ids=["scope", "row", "older version", "newer version", "swapped ids"],
)
def test_a_ciphertext_does_not_open_at_another_place(elsewhere: Place) -> None:
    key = data_key()
    with pytest.raises(Unreadable):
        key.decrypt(key.encrypt(SecretValue(CANARY), PLACE), elsewhere)


def test_two_rows_that_swap_their_ciphertexts_open_neither() -> None:
    key, other = data_key(), PLACE._replace(secret_id=uuid4())
    first, second = key.encrypt(SecretValue("one"), PLACE), key.encrypt(SecretValue("two"), other)
    for ciphertext, place in ((second, PLACE), (first, other)):
        with pytest.raises(Unreadable):
            key.decrypt(ciphertext, place)


@given(st.integers(0, 200))
def test_a_ciphertext_with_any_bit_changed_does_not_open(position: int) -> None:
    key = data_key()
    with pytest.raises(Unreadable):
        key.decrypt(flipped(key.encrypt(SecretValue(CANARY), PLACE), position), PLACE)


@given(st.integers(0, 60))
def test_a_ciphertext_cut_short_does_not_open(length: int) -> None:
    key = data_key()
    ciphertext = key.encrypt(SecretValue(CANARY), PLACE)
    with pytest.raises(Unreadable):
        key.decrypt(ciphertext[: min(length, len(ciphertext) - 1)], PLACE)


@given(st.integers(0, 100))
def test_a_wrapped_key_with_any_bit_changed_does_not_open(position: int) -> None:
    key = master_key()
    wrapped = key.new_data_key(SCOPE)
    with pytest.raises(Unreadable):
        key.unwrap(replace(wrapped, wrapped=flipped(wrapped.wrapped, position)))


@pytest.mark.parametrize("change", [{"scope_id": uuid4()}, {"version": 2}])
def test_a_wrapped_key_is_its_scopes_alone(change: dict[str, UUID | int]) -> None:
    key = master_key()
    wrapped = key.new_data_key(SCOPE)
    moved = {"scope_id": wrapped.scope_id, "version": wrapped.version, "wrapped": wrapped.wrapped} | change
    with pytest.raises(Unreadable):
        key.unwrap(WrappedKey(**moved))  # type: ignore[arg-type]  # a row as it might be stored


def test_another_master_key_unwraps_nothing() -> None:
    with pytest.raises(Unreadable):
        master_key().unwrap(master_key().new_data_key(SCOPE))


def test_another_scopes_data_key_opens_nothing() -> None:
    with pytest.raises(Unreadable):
        data_key().decrypt(data_key().encrypt(SecretValue(CANARY), PLACE), PLACE)


def test_what_is_sealed_for_one_purpose_does_not_open_for_another() -> None:
    key = master_key()
    with pytest.raises(Unreadable):
        key.unwrap(WrappedKey(SCOPE, 1, key.check()))
    assert not key.passes(key.new_data_key(SCOPE).wrapped)


def test_a_check_tells_the_master_key_from_any_other() -> None:
    key = master_key()
    assert key.passes(key.check())
    assert not master_key().passes(key.check())
    assert not key.passes(b"")


def test_no_key_and_no_value_shows_in_a_text() -> None:
    secret = Hidden(CANARY.encode().ljust(32))
    key = MasterKey(secret)
    wrapped = key.new_data_key(SCOPE)
    shown = repr([secret, key, wrapped, key.unwrap(wrapped), SecretValue(CANARY)]) + f"{secret}"
    assert CANARY not in shown
    assert repr(wrapped.wrapped) not in shown


def test_a_failure_within_the_cipher_shows_no_key_and_no_value(monkeypatch: pytest.MonkeyPatch) -> None:
    raw = CANARY.encode().ljust(32)
    key = MasterKey(Hidden(raw))
    wrapped = key.new_data_key(SCOPE)

    def broken(*_: object) -> bytes:
        raise RuntimeError("no randomness")

    monkeypatch.setattr(os, "urandom", broken)
    with pytest.raises(RuntimeError) as caught:
        key.unwrap(wrapped).encrypt(SecretValue(CANARY), PLACE)
    found = traceback.TracebackException.from_exception(caught.value, capture_locals=True)
    # This function's own frame holds the raw key; those below it are the cipher's.
    shown = "".join(f"{frame.name} {frame.locals}" for frame in list(found.stack)[1:])
    assert "seal" in shown and "encrypt" in shown
    assert CANARY not in shown


def test_a_key_that_took_anothers_place_says_that_it_is_it(tmp_path: Path) -> None:
    """So a server knows at once that it lacks one, and a key's bytes do not depend on who reads them."""
    old, new = MasterKey(Hidden(new_key())), MasterKey(Hidden(new_key()), is_first=False)
    wrapped = new.new_data_key(UUID(int=1))
    assert wrapped.wrapped[:9] == b"\x02" + bytes.fromhex(new.key_id)
    assert new.wraps(wrapped) and not old.wraps(wrapped)
    again = old.rewrap(wrapped, new)
    assert old.wraps(again) and not new.wraps(again)
    changed = bytes([2, wrapped.wrapped[1] ^ 1]) + wrapped.wrapped[2:]
    with pytest.raises(Unreadable):
        new.unwrap(WrappedKey(wrapped.scope_id, 1, changed))


@pytest.mark.parametrize("damage", [b"", b"\x01" * 61, b"\x03" * 70, b"\x01" * 60])
def test_a_data_key_with_something_else_behind_it_does_not_open(damage: bytes, tmp_path: Path) -> None:
    keys = MasterKeys(tmp_path / "nowhere", [KeyEntry(new_key(), 1)])
    whole = keys.newest.new_data_key(UUID(int=1), 2)
    wrapped = whole.wrapped + damage if damage else b""
    with pytest.raises(Unreadable):
        keys.unwrap(WrappedKey(whole.scope_id, 2, wrapped))

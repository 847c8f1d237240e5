from __future__ import annotations

from haymow.server.serving.kept import Kept


def test_a_value_is_kept_for_one_version() -> None:
    kept: Kept[str] = Kept(2)
    assert kept.get("a", 1) is None
    assert kept.keep("a", 1, "one") == "one"
    assert (kept.get("a", 1), kept.get("a", 2), kept.get("b", 1)) == ("one", None, None)
    kept.keep("a", 2, "two")
    assert (kept.get("a", 1), kept.get("a", 2)) == (None, "two")


def test_the_least_recently_used_is_given_up() -> None:
    kept: Kept[str] = Kept(2)
    for key in "ab":
        kept.keep(key, 1, key)
    assert kept.get("a", 1) == "a"
    kept.keep("c", 1, "c")
    assert [kept.get(key, 1) for key in "abc"] == ["a", None, "c"]

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


def test_what_is_heavy_takes_the_place_of_more() -> None:
    kept = Kept(5, len)
    for value in ("aa", "bb", "c"):
        kept.keep(value[0], 1, value)
    assert kept.keep("d", 1, "ddd") == "ddd"
    assert [kept.get(key, 1) for key in "abcd"] == [None, None, "c", "ddd"]
    assert kept.keep("e", 1, "eeeeee") == "eeeeee"  # too heavy to be kept at all, and given all the same
    assert [kept.get(key, 1) for key in "cde"] == [None, None, None]
    kept.keep("f", 1, "ff")
    kept.keep("f", 2, "fffff")
    assert kept.get("f", 2) == "fffff"

from __future__ import annotations

from haymow.server.serving.cache import VersionedCache


def test_a_value_is_kept_for_one_version() -> None:
    cache: VersionedCache[str] = VersionedCache(2)
    assert cache.get("a", 1) is None
    assert cache.keep("a", 1, "one") == "one"
    assert (cache.get("a", 1), cache.get("a", 2), cache.get("b", 1)) == ("one", None, None)
    cache.keep("a", 2, "two")
    assert (cache.get("a", 1), cache.get("a", 2)) == (None, "two")


def test_the_least_recently_used_is_given_up() -> None:
    cache: VersionedCache[str] = VersionedCache(2)
    for key in "ab":
        cache.keep(key, 1, key)
    assert cache.get("a", 1) == "a"
    cache.keep("c", 1, "c")
    assert [cache.get(key, 1) for key in "abc"] == ["a", None, "c"]


def test_what_is_heavy_takes_the_place_of_more() -> None:
    cache = VersionedCache(5, len)
    for value in ("aa", "bb", "c"):
        cache.keep(value[0], 1, value)
    assert cache.keep("d", 1, "ddd") == "ddd"
    assert [cache.get(key, 1) for key in "abcd"] == [None, None, "c", "ddd"]
    assert cache.keep("e", 1, "eeeeee") == "eeeeee"  # too heavy to be kept at all, and given all the same
    assert [cache.get(key, 1) for key in "cde"] == [None, None, None]
    cache.keep("f", 1, "ff")
    cache.keep("f", 2, "fffff")
    assert cache.get("f", 2) == "fffff"

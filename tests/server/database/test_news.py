"""What other servers' changes are noticed by, with a clock of the test's own."""

from __future__ import annotations

import asyncio
import sys
import threading
from itertools import pairwise
from uuid import uuid4

from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import make_url

from haymow.server.database.news import Marks, News
from haymow.server.database.pool import Pool
from haymow.server.database.postgres import LONG_SECONDS
from haymow.server.database.units import Counts


class Table:
    """Records by number, each seen from when it was committed."""

    def __init__(self) -> None:
        self.numbers: set[int] = set()

    def look(self, marks: Marks, now: float) -> bool:
        number, later = marks.next(now)
        above, above_next = (self._counted(floor) for floor in (number, later))
        return marks.moved(now, above, above_next, max(self.numbers, default=0))[0]

    def _counted(self, floor: int) -> Counts:
        return Counts(sum(one > floor for one in self.numbers), 0)


def test_nothing_new_is_no_news() -> None:
    table, marks = Table(), Marks(0)
    table.look(marks, 0)
    assert not any(table.look(marks, now) for now in range(1, 100))


def test_a_record_that_is_committed_after_a_later_one_is_noticed() -> None:
    table, marks = Table(), Marks(0)
    table.look(marks, 0)
    table.numbers = {2}
    assert table.look(marks, 1)
    table.numbers = {1, 2}
    assert table.look(marks, 2)


def test_one_of_before_the_start_is_noticed_too() -> None:
    table, marks = Table(), Marks(1000)
    table.numbers = {1000}
    table.look(marks, 0)
    table.numbers = {999, 1000}
    assert table.look(marks, 1)


@given(st.lists(st.tuples(st.floats(0, 5), st.floats(0, LONG_SECONDS)), min_size=1, max_size=60))
def test_none_is_missed_however_long_its_transaction_was_open(begun: list[tuple[float, float]]) -> None:
    """Numbers are given in the order of beginnings; commits come when they come, no later than a transaction may."""
    clock, commits = 0.0, []
    for number, (pause, open_for) in enumerate(begun, 1):
        clock += pause
        commits.append((clock + open_for, number))
    table, marks, now = Table(), Marks(0), 0.0
    table.look(marks, now)
    while now < clock + LONG_SECONDS + 1:
        now += 0.5
        new = {number for at, number in commits if at <= now} - table.numbers
        table.numbers |= new
        assert table.look(marks, now) == bool(new)


def test_what_is_counted_stays_little() -> None:
    table, marks = Table(), Marks(0)
    for now in range(1000):
        table.numbers.add(now + 1)
        table.look(marks, now)
    number, _ = marks.next(1000)
    assert sum(one > number for one in table.numbers) < 30


def test_while_there_are_no_news_it_is_another_number_each_time_whatever_the_thread_hears() -> None:
    """One that comes again would make what was remembered under it count as good."""
    url = make_url("postgresql+psycopg://me@127.0.0.1:1/nowhere")

    async def test() -> int:
        news, over = News(url, Pool(url, 1, uuid4()), uuid4()), threading.Event()

        def hear() -> None:
            while not over.is_set():
                news.hear(rights=False)

        hearing = threading.Thread(target=hear)
        hearing.start()
        heard = [news.heard().of_rights for _ in range(100_000)]
        over.set()
        hearing.join()
        return sum(later <= earlier for earlier, later in pairwise(heard))

    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        assert asyncio.run(test()) == 0
    finally:
        sys.setswitchinterval(before)

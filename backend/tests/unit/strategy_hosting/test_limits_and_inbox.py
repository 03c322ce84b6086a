"""How much a strategy may ask for, and what waits for one that is busy."""

from edgerunner.services.strategies.inbox import Hole, Inbox
from edgerunner.services.strategies.limits import NS_PER_S, Allowance
from edgerunner.strategies.market_data import Bar, Tick
from edgerunner.strategy_worker.messages import BarNews, TickNews


def tick(last: float, key: str = "A.X") -> TickNews:
    quote = Tick(key, 1, 1.0, 2.0, 1.0, 1.0, last, 1.0)
    return TickNews(turn=0, tick=quote, now_ns=1)


def bar(time_ns: int) -> BarNews:
    return BarNews(turn=0, bar=Bar("A.X", "1m", time_ns, 1.0, 1.0, 1.0, 1.0, 1.0), now_ns=time_ns)


def test_a_burst_is_allowed_and_one_more_is_not() -> None:
    allowance = Allowance(per_s=20, burst=100, now_ns=0)
    assert [allowance.take(0) for _ in range(101)] == [True] * 100 + [False]


def test_after_a_burst_the_average_rate_is_allowed() -> None:
    allowance = Allowance(per_s=20, burst=100, now_ns=0)
    for _ in range(100):
        allowance.take(0)
    granted = sum(allowance.take(step * NS_PER_S // 100) for step in range(1, 101))
    assert granted == 20


def test_time_without_use_saves_no_more_than_a_burst() -> None:
    allowance = Allowance(per_s=20, burst=5, now_ns=0)
    assert [allowance.take(1_000 * NS_PER_S) for _ in range(6)] == [True] * 5 + [False]


async def test_bars_come_out_in_order_and_a_quote_is_replaced_by_a_newer_one() -> None:
    inbox = Inbox(limit=10)
    for item in (bar(1), tick(1.0), tick(1.0, "B.X"), bar(2), tick(2.0)):
        inbox.put(item)
    found = [await inbox.get(1) for _ in range(4)]
    assert found == [bar(1), tick(2.0), tick(1.0, "B.X"), bar(2)]


async def test_an_overfull_inbox_says_so_and_drops_the_newest() -> None:
    inbox = Inbox(limit=2)
    hole = Hole(key="A.X", timeframe="1m", from_ns=0, to_ns=1)
    for item in (bar(1), hole, bar(3)):
        inbox.put(item)
    assert inbox.is_overfull
    assert [await inbox.get(1), await inbox.get(1)] == [bar(1), hole]


async def test_an_empty_inbox_returns_nothing_in_time_or_when_woken() -> None:
    inbox = Inbox(limit=2)
    assert await inbox.get(0.001) is None
    inbox.wake()
    assert await inbox.get(0.001) is None

"""The comparison of hosts explains what it can compute, and nothing else."""

from dataclasses import replace
from decimal import Decimal

from tests.system.replay_comparison import (
    BAR_NS,
    Difference,
    Execution,
    RecordedBar,
    SeenBar,
    Signal,
    Venue,
    difference,
    log_of,
    table,
    wrong_bars,
)

RATE = Decimal("0.001")
VENUE = Venue(
    tick=Decimal("0.1"), spread=Decimal("0.1"), fee_rate=RATE, fee_step=Decimal("0.00000001"), data_age_ns=2 * 10**9
)
RECORDED = [
    RecordedBar(open=Decimal(100), high=Decimal(101), low=Decimal(99), close=Decimal(100)),
    RecordedBar(open=Decimal(100), high=Decimal(133), low=Decimal(100), close=Decimal(133)),
    RecordedBar(open=Decimal(134), high=Decimal(134), low=Decimal(134), close=Decimal(134)),
]
SIGNAL = Signal(index=0, side="buy", quantity=Decimal(2), order_id="1")
EXPECTED = Execution(price=Decimal(100), fee=Decimal("0.2"), time_ns=BAR_NS)


def explained(price: str, *, after_s: float, fee: str | None = None, venue: Venue = VENUE) -> Difference:
    """Compare a fill some seconds into the second bar; without ``fee`` the schedule's."""
    found = Execution(
        price=Decimal(price),
        fee=Decimal(price) * 2 * venue.fee_rate if fee is None else Decimal(fee),
        time_ns=BAR_NS + round(after_s * 10**9),
    )
    return difference(SIGNAL, EXPECTED, found, recorded=RECORDED, venue=venue, expected_rate=RATE)


def test_replayed_price_stands_at_the_close_until_the_bar_ends() -> None:
    bar = RECORDED[0]
    parts = [Decimal(part) for part in ("0", "0.33", "0.66", "0.99", "0.999")]
    assert [bar.price_at(part) for part in parts] == [100, 99, 101, 100, 100]
    assert RECORDED[1].price_at(Decimal("0.495")) == Decimal("116.5")


def test_price_that_moved_is_latency_and_the_ask_is_spread() -> None:
    at_the_ask = explained("103.4", after_s=21.8)
    assert (round(at_the_ask.latency, 2), at_the_ask.spread) == (Decimal("3.33"), Decimal("0.1"))
    assert at_the_ask.latency + at_the_ask.spread + at_the_ask.rounding == Decimal("3.4")
    assert (at_the_ask.delay_ns, at_the_ask.is_explained) == (21_800_000_000, True)


def test_price_that_was_not_shown_lately_is_unexplained() -> None:
    assert explained("110", after_s=21.8).unexplained == 10
    assert explained("99.8", after_s=0.5).unexplained == Decimal("-0.2")
    assert not explained("101", after_s=30).is_explained


def test_fill_before_its_decision_is_unexplained() -> None:
    early = difference(
        SIGNAL,
        EXPECTED,
        replace(EXPECTED, price=Decimal("100.9"), time_ns=BAR_NS // 2),
        recorded=RECORDED,
        venue=VENUE,
        expected_rate=RATE,
    )
    assert not early.is_explained


def test_fee_is_split_into_schedule_price_and_rounding() -> None:
    dear = explained("103.4", after_s=21.8, venue=replace(VENUE, fee_rate=Decimal("0.002")))
    assert (dear.fee_rate, dear.fee_price, dear.fee_rounding) == (Decimal("0.2068"), Decimal("0.0068"), Decimal(0))
    assert dear.is_explained
    wrong = explained("103.4", after_s=21.8, fee="0.3")
    assert wrong.fee_unexplained == Decimal("0.3") - Decimal("0.2068")
    assert not wrong.is_explained


def test_missing_repeated_and_changed_bars_are_named() -> None:
    def seen(index: int, close: str = "100") -> SeenBar:
        return SeenBar(index=index, prices=(Decimal(100), Decimal(101), Decimal(99), Decimal(close)))

    assert wrong_bars([seen(0)], RECORDED) == []
    assert wrong_bars([seen(0), seen(0)], RECORDED) == ["bar 0 after bar 0"]
    assert [line.split(" is ")[0] for line in wrong_bars([seen(0, "100.5")], RECORDED)] == ["bar 0"]
    assert len(wrong_bars([seen(0), seen(2)], RECORDED)) == 2


def test_lines_of_a_witness_are_read_in_the_time_of_the_file() -> None:
    lines = ["started", f"bar {7 * BAR_NS} 1.0 2.0 0.5 1.5", f"signal {7 * BAR_NS} buy 0.01 S1"]
    bars, signals = log_of(lines, origin_ns=5 * BAR_NS)
    assert [bar.index for bar in bars] == [2]
    assert [signal.decision for signal in signals] == [(2, "buy", Decimal("0.01"))]


def test_the_table_adds_up_to_the_money() -> None:
    differences = [explained("103.4", after_s=21.8), explained("100", after_s=0)]
    total = sum(each.money for each in differences)
    assert total == Decimal("-6.8") - Decimal("0.0068")
    assert table(differences).splitlines()[-1].startswith(f"gained over the backtest: {total:+.5f} = ")

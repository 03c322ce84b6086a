"""What losses are measured from: equity at the day's start and its peak, without money that was paid in or out."""

from datetime import UTC, datetime
from decimal import Decimal

from edgerunner.domain.cash import CashMovement
from edgerunner.services.loss_watch import LossWatch
from edgerunner.storage.risk_store import Baseline

ACCOUNT = ("desk", "1000001")
EQUITY = Decimal(100_000)


class Shelf:
    """Keeps baselines in memory."""

    def __init__(self) -> None:
        self.kept: dict[str, Baseline] = {}

    async def baselines(self) -> list[Baseline]:
        return list(self.kept.values())

    async def save_baseline(self, baseline: Baseline) -> None:
        self.kept[baseline.account_id] = baseline


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * 10**9


def deposit(amount: int, when: str) -> CashMovement:
    return CashMovement(
        movement_id=f"m-{when}",
        connection_id=ACCOUNT[0],
        account_id=ACCOUNT[1],
        kind="deposit" if amount > 0 else "withdrawal",
        currency="USD",
        amount=Decimal(amount),
        instrument_id=None,
        trade_id=None,
        ts_event_ns=at(when),
        seq=1,
    )


def test_the_opening_deposit_of_a_new_account_is_no_loss_of_the_day() -> None:
    """A first connect reads the account's equity, and a moment later its history, which begins with a deposit."""
    watch = LossWatch(Shelf())
    watch.note(ACCOUNT, EQUITY, at("2026-11-23T10:00:00"))
    paid = deposit(100_000, "2026-11-23T09:59:00")
    watch.shift(paid, paid.amount)
    facts = watch.facts(ACCOUNT, EQUITY)
    assert (facts.day_start, facts.peak) == (EQUITY, EQUITY)


def test_money_paid_in_later_moves_both_baselines() -> None:
    watch = LossWatch(Shelf())
    watch.note(ACCOUNT, EQUITY, at("2026-11-23T10:00:00"))
    paid = deposit(5_000, "2026-11-23T11:00:00")
    watch.shift(paid, paid.amount)
    facts = watch.facts(ACCOUNT, EQUITY + 5_000)
    assert (facts.day_start, facts.peak) == (Decimal(105_000), Decimal(105_000))


def test_a_deposit_that_equity_showed_before_it_was_told_counts_once() -> None:
    watch = LossWatch(Shelf())
    watch.note(ACCOUNT, EQUITY, at("2026-11-23T10:00:00"))
    watch.note(ACCOUNT, EQUITY + 5_100, at("2026-11-23T11:00:01"))
    watch.note(ACCOUNT, EQUITY + 5_050, at("2026-11-23T11:00:02"))
    paid = deposit(5_000, "2026-11-23T11:00:00")
    watch.shift(paid, paid.amount)
    facts = watch.facts(ACCOUNT, EQUITY + 5_050)
    assert (facts.day_start, facts.peak) == (Decimal(105_000), Decimal(105_100))


def test_a_withdrawal_told_after_midnight_moves_the_peak_and_not_the_new_day() -> None:
    watch = LossWatch(Shelf())
    watch.note(ACCOUNT, EQUITY, at("2026-11-23T10:00:00"))
    watch.note(ACCOUNT, EQUITY - 5_000, at("2026-11-24T00:00:01"))
    paid = deposit(-5_000, "2026-11-23T23:59:00")
    watch.shift(paid, paid.amount)
    facts = watch.facts(ACCOUNT, EQUITY - 5_000)
    assert (facts.day_start, facts.peak) == (Decimal(95_000), Decimal(95_000))


async def test_money_paid_while_this_process_was_away_moves_the_stored_baselines() -> None:
    shelf = Shelf()
    watch = LossWatch(shelf)
    watch.note(ACCOUNT, EQUITY, at("2026-11-23T10:00:00"))
    await watch.save()
    again = LossWatch(shelf)
    await again.load()
    paid = deposit(5_000, "2026-11-23T12:00:00")
    again.shift(paid, paid.amount)
    assert again.facts(ACCOUNT, EQUITY + 5_000).day_start == Decimal(105_000)

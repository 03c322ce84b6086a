"""Derived against reported positions: pure comparison.

A coin held in a spot wallet is one holding whatever markets it was bought on, so spot is
compared by coin; everything else by instrument and leg.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from edgerunner.adapters.broker import FillReport, PositionReport
from edgerunner.domain.instruments import ContractTerms
from edgerunner.domain.positions import Position

_Key = tuple[str, str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """A signed quantity held on one leg of one instrument."""

    account_id: str
    instrument_id: str
    leg: str
    contract: ContractTerms
    quantity: Decimal
    average_price: Decimal | None
    last_seq: int = 0
    average_has_fees: bool = False

    @property
    def key(self) -> _Key:
        """Return what holdings are compared by."""
        if self.contract.is_inventory:
            return (self.account_id, f"coin {self.contract.base}", self.leg)
        return (self.account_id, self.instrument_id, self.leg)


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """A holding that the broker reports otherwise; ``target`` is what ours must become.

    ``last_seq`` is the journal position of our newest change of it, so that the same difference
    has the same identity at every start.
    """

    target: Holding
    ours: Decimal
    last_seq: int


def holdings_of_positions(positions: Iterable[Position]) -> list[Holding]:
    """Return what our fills say is held."""
    return [
        Holding(
            account_id=position.key.account_id,
            instrument_id=position.key.instrument_id,
            leg=position.key.leg,
            contract=position.contract,
            quantity=position.quantity,
            average_price=position.average_price,
            last_seq=position.last_seq,
        )
        for position in positions
    ]


def holdings_of_reports(
    reports: Iterable[PositionReport], contract_of: Callable[[str], ContractTerms]
) -> list[Holding]:
    """Return what the broker says is held."""
    return [
        Holding(
            account_id=report.account_id,
            instrument_id=report.instrument_id,
            leg=report.leg,
            contract=contract_of(report.instrument_id),
            quantity=report.quantity,
            average_price=report.average_price,
            average_has_fees=report.average_has_fees,
        )
        for report in reports
    ]


def differences(ours: Sequence[Holding], theirs: Sequence[Holding]) -> list[Difference]:
    """Return the holdings that differ, in a stable order.

    A quantity that agrees while the average price does not (or only the broker knows it) is a
    difference too: fills booked out of their order lead there. The broker's average is taken over.
    """
    our_groups, their_groups = _by_key(ours), _by_key(theirs)
    found = (
        _difference(our_groups.get(key, []), their_groups.get(key, []))
        for key in sorted(our_groups.keys() | their_groups.keys())
    )
    return [difference for difference in found if difference is not None]


def opening_differences(theirs: Sequence[Holding], fills: Sequence[FillReport]) -> list[Difference]:
    """Return what must have been held before ``fills`` for the reported holdings to come out.

    The average price is the broker's where no fill changed the holding since, else unknown.
    """
    traded: dict[_Key, Decimal] = defaultdict(Decimal)
    samples: dict[_Key, Holding] = {}
    for report in fills:
        fill = report.fill
        holding = Holding(
            account_id=report.account_id,
            instrument_id=fill.instrument_id,
            leg=fill.leg,
            contract=fill.contract,
            quantity=Decimal(0),
            average_price=None,
        )
        samples.setdefault(holding.key, holding)
        traded[holding.key] += fill.side.sign * fill.quantity
        if fill.contract.is_inventory and fill.fee.currency == fill.contract.base:
            traded[holding.key] -= fill.fee.amount
    held = {holding.key: holding for holding in theirs}
    opening: list[Difference] = []
    for key in sorted(held.keys() | samples.keys()):
        holding = held.get(key) or samples[key]
        before = holding.quantity - traded[key]
        if before:
            average = None if traded[key] or key in samples else holding.average_price
            target = replace(holding, quantity=before, average_price=average)
            opening.append(Difference(target=target, ours=Decimal(0), last_seq=0))
    return opening


def _by_key(holdings: Iterable[Holding]) -> dict[_Key, list[Holding]]:
    groups: dict[_Key, list[Holding]] = defaultdict(list)
    for holding in holdings:
        if holding.quantity:
            groups[holding.key].append(holding)
    return groups


def _difference(ours: Sequence[Holding], theirs: Sequence[Holding]) -> Difference | None:
    our_total = sum((holding.quantity for holding in ours), Decimal(0))
    their_total = sum((holding.quantity for holding in theirs), Decimal(0))
    last_seq = max((holding.last_seq for holding in ours), default=0)
    template = (theirs or ours)[0]
    same_leg = next((holding for holding in ours if holding.instrument_id == template.instrument_id), None)
    if our_total == their_total:
        is_average_theirs = bool(theirs) and same_leg is not None and _differ(same_leg, template)
        if not is_average_theirs:
            return None
    on_target = same_leg.quantity if same_leg else Decimal(0)
    average = template.average_price if theirs else None
    if average is None and same_leg is not None:
        average = same_leg.average_price
    target = replace(template, quantity=on_target + their_total - our_total, average_price=average, last_seq=0)
    return Difference(target=target, ours=on_target, last_seq=last_seq)


def _differ(ours: Holding, theirs: Holding) -> bool:
    """Tell whether the averages differ by more than roundings do.

    The broker's own rounding is at most two units of its last decimal; beside it one part in
    10^9 is allowed for what it rounds on the way.
    """
    if theirs.average_price is None:
        return False
    if ours.average_price is None:
        return True
    if theirs.average_has_fees:
        return False
    exponent = theirs.average_price.as_tuple().exponent
    unit = Decimal(1).scaleb(exponent) if isinstance(exponent, int) else Decimal(0)
    allowed = max(2 * unit, abs(theirs.average_price) * Decimal("1e-9"))
    return abs(ours.average_price - theirs.average_price) > allowed

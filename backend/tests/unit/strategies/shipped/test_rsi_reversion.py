"""RsiReversion over hand-made price paths."""

import pytest

from edgerunner.domain.errors import InvalidRequest
from edgerunner.strategies.shipped.rsi_reversion import RsiReversion
from tests.fakes.instruments import LINEAR, LINEAR_ID
from tests.fakes.strategy_host import FakeHost, bars_of

PARAMETERS: dict[str, object] = {"period": 2, "oversold": 20.0, "overbought": 80.0, "quantity": 0.5}
# Changes -1 -1 -2 +1 +2; average gains 0 0 0.5 1.25, losses 1 1.5 0.75 0.375: index 0, 0, 40, 76.9 from the third on.
DIP = [100.0, 99.0, 98.0, 96.0, 97.0, 99.0]


def run(host: FakeHost, closes: list[float], first: int = 0) -> list[tuple[int, str]]:
    """Play closes; return (number of the bar, what was asked for)."""
    asked = []
    for place, bar in enumerate(bars_of(LINEAR_ID, closes, first=first)):
        before = len(host.sent)
        host.bar(bar)
        asked += [(place, sentence) for sentence in host.sent[before:]]
    return asked


def host() -> FakeHost:
    return FakeHost({LINEAR_ID: LINEAR})


def test_it_buys_when_oversold_and_leaves_at_the_middle() -> None:
    fake = host()
    fake.start(RsiReversion, PARAMETERS)
    assert run(fake, DIP) == [(2, "buy 0.5"), (5, "sell 0.5 reduce")]
    assert fake.position(LINEAR_ID).quantity == 0


def test_an_index_at_the_exit_level_leaves() -> None:
    fake = host()
    fake.start(RsiReversion, {**PARAMETERS, "exit_level": 40.0})
    assert run(fake, DIP) == [(2, "buy 0.5"), (4, "sell 0.5 reduce")]
    fake = host()
    fake.start(RsiReversion, {**PARAMETERS, "exit_level": 60.0, "allow_short": True})
    assert run(fake, [200.0 - close for close in DIP]) == [(2, "sell 0.5"), (4, "buy 0.5 reduce")]


def test_it_sells_short_only_when_allowed() -> None:
    rise = [200.0 - close for close in DIP]
    for allow_short, expected in ((True, [(2, "sell 0.5"), (5, "buy 0.5 reduce")]), (False, [])):
        fake = host()
        fake.start(RsiReversion, {**PARAMETERS, "allow_short": allow_short})
        assert run(fake, rise) == expected


def test_it_waits_while_an_order_is_on_its_way() -> None:
    fake = host()
    fake.is_holding = True
    fake.start(RsiReversion, PARAMETERS)
    assert run(fake, [100.0, 99.0, 98.0, 97.0, 96.0]) == [(2, "buy 0.5")]


def test_a_restart_with_a_position_neither_doubles_nor_forgets_it() -> None:
    fake = host()
    fake.start(RsiReversion, PARAMETERS)
    run(fake, DIP[:3])
    fake.start(RsiReversion, PARAMETERS)
    fake.is_warming_up = True
    run(fake, DIP[:3], first=10)
    fake.is_warming_up = False
    assert fake.position(LINEAR_ID).quantity == 0.5
    fake.intents.clear()
    assert run(fake, DIP[3:], first=13) == [(2, "sell 0.5 reduce")]


def test_a_restart_with_an_order_on_its_way_sends_no_second_one() -> None:
    fake = host()
    fake.is_holding = True
    fake.start(RsiReversion, PARAMETERS)
    run(fake, DIP[:3])
    fake.start(RsiReversion, PARAMETERS)
    assert run(fake, [100.0, 99.0, 98.0, 97.0], first=10) == []


def test_bars_of_other_instruments_are_not_mixed_in() -> None:
    fake = host()
    fake.start(RsiReversion, PARAMETERS)
    for bar in bars_of("ELSE.BYBIT", [100.0, 90.0, 80.0, 70.0]):
        fake.bar(bar)
    assert fake.sent == []


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"period": 1}, "parameters.period"),
        ({"oversold": 60.0}, "parameters.exit_level"),
        ({"oversold": 50.0}, "parameters.exit_level"),
        ({"overbought": 50.0}, "parameters.exit_level"),
        ({"overbought": 40.0}, "parameters.exit_level"),
        ({"quantity": 0}, "parameters.quantity"),
        ({"allow_short": 1}, "parameters.allow_short"),
    ],
)
def test_impossible_parameters_are_refused_by_name(wrong: dict[str, object], field: str) -> None:
    with pytest.raises(InvalidRequest, match=field):
        RsiReversion.validated(wrong)

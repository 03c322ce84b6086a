"""BollingerReversion over hand-made price paths."""

import pytest

from edgerunner.domain.errors import InvalidRequest
from edgerunner.strategies.shipped.bollinger_bands import BollingerReversion
from tests.fakes.instruments import LINEAR, LINEAR_ID
from tests.fakes.strategy_host import FakeHost, bars_of

PARAMETERS: dict[str, object] = {"period": 4, "width": 1.5, "quantity": 2.0}
# The fourth bar's window has mean 98 and deviation 3.46, so its lower band is 92.8: 92 lies below it.
# After 96 the mean is 97, after 100 it is 97 too.
DIP = [100.0, 100.0, 100.0, 92.0, 96.0, 100.0]


def host() -> FakeHost:
    return FakeHost({LINEAR_ID: LINEAR})


def run(fake: FakeHost, closes: list[float], first: int = 0) -> list[tuple[int, str]]:
    asked = []
    for place, bar in enumerate(bars_of(LINEAR_ID, closes, first=first)):
        before = len(fake.sent)
        fake.bar(bar)
        asked += [(place, sentence) for sentence in fake.sent[before:]]
    return asked


def test_it_buys_below_the_lower_band_and_leaves_at_the_middle() -> None:
    fake = host()
    fake.start(BollingerReversion, PARAMETERS)
    assert run(fake, DIP) == [(3, "buy 2"), (5, "sell 2 reduce")]


def test_it_sells_above_the_upper_band_only_when_allowed() -> None:
    spike = [200.0 - close for close in DIP]
    for allow_short, expected in ((True, [(3, "sell 2"), (5, "buy 2 reduce")]), (False, [])):
        fake = host()
        fake.start(BollingerReversion, {**PARAMETERS, "allow_short": allow_short})
        assert run(fake, spike) == expected


def test_a_close_at_the_middle_is_back() -> None:
    # The mean of 100 100 91 97 is 97, that of 100 100 109 103 is 103.
    for closes, expected in (
        ([100.0, 100.0, 100.0, 91.0, 96.9, 97.0], [(3, "buy 0.5"), (5, "sell 0.5 reduce")]),
        ([100.0, 100.0, 100.0, 91.0, 97.0], [(3, "buy 0.5"), (4, "sell 0.5 reduce")]),
        ([100.0, 100.0, 100.0, 109.0, 103.0], [(3, "sell 0.5"), (4, "buy 0.5 reduce")]),
    ):
        fake = host()
        fake.start(BollingerReversion, {**PARAMETERS, "quantity": 0.5, "allow_short": True})
        assert run(fake, closes) == expected


def test_bars_of_other_instruments_are_not_mixed_in() -> None:
    fake = host()
    fake.start(BollingerReversion, PARAMETERS)
    for bar in bars_of("ELSE.BYBIT", [100.0, 100.0, 100.0, 50.0]):
        fake.bar(bar)
    assert fake.sent == []


def test_a_still_market_is_not_traded() -> None:
    for allow_short in (True, False):
        fake = host()
        fake.start(BollingerReversion, {**PARAMETERS, "allow_short": allow_short})
        assert run(fake, [100.1] * 50) == []


def test_a_restart_with_a_position_neither_doubles_nor_forgets_it() -> None:
    fake = host()
    fake.start(BollingerReversion, PARAMETERS)
    run(fake, DIP[:4])
    fake.start(BollingerReversion, PARAMETERS)
    assert run(fake, [*DIP[:4], 91.0], first=10) == []
    assert run(fake, [105.0], first=15) == [(0, "sell 2 reduce")]


@pytest.mark.parametrize(
    ("wrong", "field"), [({"period": 1}, "period"), ({"width": 0}, "width"), ({"quantity": -1}, "quantity")]
)
def test_impossible_parameters_are_refused_by_name(wrong: dict[str, object], field: str) -> None:
    with pytest.raises(InvalidRequest, match=f"parameters.{field}"):
        BollingerReversion.validated(wrong)

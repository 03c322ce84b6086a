"""What hostile messages of TWS once did to the adapter."""

import pytest
from ib_async.objects import BarData

from edgerunner.adapters.ibkr.bar_words import bar_of
from edgerunner.adapters.ibkr.instruments import _zone
from edgerunner.adapters.ibkr.values import number
from edgerunner.domain.errors import BrokerUnreachable
from edgerunner.domain.market import Timeframe
from tests.unit.adapters.ibkr.orders_kit import Heard


@pytest.mark.parametrize("text", ["1e999999999", "sNaN", "1E-99999", "9" * 100])
def test_a_number_that_cannot_be_written_is_none(text: str) -> None:
    assert number(text) is None


@pytest.mark.parametrize("date", ["", "99999999999999999999", "20261123"])
def test_a_bar_without_a_time_is_an_error_of_the_broker(date: str) -> None:
    told = BarData(date=date)  # type: ignore[arg-type]
    if date == "20261123":
        assert bar_of(told, Timeframe.D1, 0).open_ns > 0
        return
    with pytest.raises(BrokerUnreachable):
        bar_of(told, Timeframe.M1, 0)


async def test_orders_and_executions_without_a_side_are_passed_over() -> None:
    heard = Heard()
    heard.open_order("Submitted", action="HOLD")
    heard.executed(side="???")
    heard.charged()
    assert not heard.told
    heard.open_order("Submitted")
    assert len(heard.orders) == 1
    heard.desk.close()


@pytest.mark.parametrize("name", ["9" * 400, "America", "../../etc/passwd", "\x00"])
def test_a_time_zone_that_is_none_is_utc(name: str) -> None:
    assert _zone(name).key == "UTC"

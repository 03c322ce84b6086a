"""What a key may do is asked before anything else: one that may withdraw is refused unless that is wanted."""

from collections.abc import AsyncIterator

import pytest

from edgerunner.domain.errors import InvalidRequest, NotConnected
from edgerunner.domain.orders import OrderStatus
from tests.contract.bybit_harness import BybitOnSimulator, bybit_on_simulator
from tests.wire.bybit_adapter.traps import adapter_with

KEY = "sim-withdrawal-key"


@pytest.fixture
async def broker() -> AsyncIterator[BybitOnSimulator]:
    async with bybit_on_simulator("linear:BTCUSDT") as connected:
        yield connected


async def test_a_key_that_may_withdraw_is_refused_with_both_remedies_and_nothing_stays_open(
    broker: BybitOnSimulator,
) -> None:
    adapter = adapter_with(broker, KEY)
    with pytest.raises(InvalidRequest) as caught:
        await adapter.connect()
    [error] = caught.value.errors
    assert (error.field, error.code) == ("credentials.api_key", "withdrawal_right")
    assert "without that right" in error.message
    assert "allow_withdrawal_key" in error.message
    assert "secret" not in str(caught.value)
    with pytest.raises(NotConnected):
        await adapter.get_positions()


async def test_it_is_accepted_when_the_option_says_so(broker: BybitOnSimulator) -> None:
    adapter = adapter_with(broker, KEY, allow_withdrawal_key=True)
    [account] = await adapter.connect()
    try:
        assert account.account_id == broker.account_id
        assert await adapter.get_positions()
    finally:
        await adapter.disconnect()


@pytest.mark.parametrize("value", ["true", 1, None])
async def test_the_option_is_a_plain_yes_or_no(broker: BybitOnSimulator, value: object) -> None:
    with pytest.raises(InvalidRequest, match="allow_withdrawal_key"):
        adapter_with(broker, KEY, allow_withdrawal_key=value)


async def test_a_key_without_the_right_trades(broker: BybitOnSimulator) -> None:
    key = await broker.place(await broker.limit_terms())
    await broker.until_status(key, OrderStatus.ACCEPTED)

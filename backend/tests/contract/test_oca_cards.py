"""Orders joined in a group of which one cancels all."""

import pytest

from edgerunner.domain.errors import Unsupported
from edgerunner.domain.orders import OrderStatus
from tests.contract.harness import Broker


async def test_fill_of_one_order_of_a_group_cancels_the_others(broker: Broker) -> None:
    if not broker.capabilities.oca:
        key = broker.new_key()
        with pytest.raises(Unsupported):
            await broker.place(await broker.limit_terms(oca_group="group-1"), key)
        assert await broker.placements_of(key) == 0
        pytest.skip(f"declared unsupported: {broker.capabilities.unsupported['oca_group']}")
    group = f"group-{broker.new_key()}"[:32]
    outside = await broker.place(await broker.limit_terms("0.96"))
    filled, canceled = [await broker.place(await broker.limit_terms(oca_group=group)) for _ in range(2)]
    for key in (outside, filled, canceled):
        await broker.until_status(key, OrderStatus.ACCEPTED)
    assert broker.order(filled).terms.oca_group == group
    await broker.fill_by_hand(filled, broker.quantity)
    await broker.until_filled(filled, broker.quantity)
    await broker.until_status(canceled, OrderStatus.CANCELED)
    assert [order.client_order_id for order in await broker.adapter.get_open_orders()] == [outside]
    assert broker.fills(canceled) == []

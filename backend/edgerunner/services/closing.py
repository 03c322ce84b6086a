"""Which orders close a selection of positions. Pure."""

from edgerunner.adapters.broker import PositionReport, product_label
from edgerunner.domain.instruments import Instrument
from edgerunner.domain.numbers import floor_to_step
from edgerunner.domain.orders import OrderType, Side
from edgerunner.services.order_checks import PlaceRequest
from edgerunner.services.session import Session


def closing_orders(
    session: Session, *, account_id: str | None, instrument_id: str | None, position_id: str | None
) -> list[PlaceRequest]:
    """Return one market order per matching position, reduce-only where the broker has it.

    Spot holdings are inventory: they are sold only when named by ``instrument_id``. What is smaller
    than a lot step cannot be closed and is left out.
    """
    requests: list[PlaceRequest] = []
    for report in session.positions.values():
        instrument = session.adapter.get_instrument(report.instrument_id)
        if instrument_id is None and instrument.contract.is_inventory:
            continue
        is_wanted = (
            instrument_id in {None, report.instrument_id}
            and account_id in {None, report.account_id}
            and position_id in {None, report.leg}
        )
        request = _closing_order(session, report, instrument) if is_wanted else None
        if request is not None:
            requests.append(request)
    return requests


def _closing_order(session: Session, report: PositionReport, instrument: Instrument) -> PlaceRequest | None:
    quantity = floor_to_step(abs(report.quantity), instrument.lot_step)
    if quantity <= 0:
        return None
    product = session.adapter.capabilities.products[product_label(instrument)]
    return PlaceRequest(
        connection_id=session.connection_id,
        account_id=report.account_id,
        instrument_id=report.instrument_id,
        side=Side.SELL if report.quantity > 0 else Side.BUY,
        order_type=OrderType.MARKET,
        quantity=quantity,
        reduce_only=product.reduce_only,
        position_id=report.leg if product.hedging and report.leg != "net" else None,
    )

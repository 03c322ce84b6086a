"""Control calls that move a broker's own hand: manual orders, fills, cash, liquidation, market, clock, reset."""

import asyncio
import math
from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import get_args

from edgerunner.matching.words import OrderType, Side, TimeInForce
from edgerunner.simulators.clock import NANOSECONDS
from edgerunner.simulators.control_requests import Fields, InvalidRequest
from edgerunner.simulators.replay import BadReplayFile, read_recording
from edgerunner.simulators.simulated_broker import Listed, ManualOrder, OrderView, SimulatedBroker, UnknownLeg
from edgerunner.simulators.venue_types import VenueReject

CASH_KINDS = ("transfer", "funding", "fee", "adjustment")


class OperatorCalls:
    """Turns request fields into acts on a venue. ``symbol`` = the broker's name, a key or an instrument id.

    Where products share a name, ``product`` tells them apart: market controls act on all, orders on the first.
    """

    def __init__(self, venues: Mapping[str, SimulatedBroker]) -> None:
        self._venues = venues

    def broker(self, body: Fields) -> str:
        """Return the broker that is meant."""
        return body.word("broker", list(self._venues))

    def order(self, body: Fields) -> object:
        """Place an order by hand."""
        body.only(
            "broker", "account_id", "symbol", "product", "side", "order_type", "quantity", "price", "time_in_force",
            "reduce_only", "leg",
        )  # fmt: skip
        venue = self._venue(body)
        instrument = self._instruments(venue, body)[0]
        order_type: OrderType = body.word("order_type", get_args(OrderType))
        side: Side = body.word("side", get_args(Side))
        time_in_force: TimeInForce = body.word("time_in_force", get_args(TimeInForce), "gtc")
        price = body.optional_decimal("price")
        if (price is None) == (order_type == "limit"):
            raise InvalidRequest("a limit order has a price, a market order has none", field="price")
        order = ManualOrder(
            account_id=self._account(venue, body),
            symbol=instrument.symbol,
            side=side,
            order_type=order_type,
            quantity=body.decimal("quantity"),
            price=price,
            time_in_force=time_in_force,
            reduce_only=body.flag("reduce_only", default=False),
            leg=body.optional_text("leg"),
        )
        try:
            return _order_view(venue.hand.place(order))
        except UnknownLeg as error:
            raise InvalidRequest(str(error), field="leg") from error

    def fill(self, body: Fields) -> object:
        """Fill a resting order at its price, whole or in part."""
        body.only("broker", "venue_order_id", "client_key", "quantity")
        venue = self._venue(body)
        order_id, client_key = body.optional_text("venue_order_id"), body.optional_text("client_key")
        if order_id is None and client_key is None:
            raise InvalidRequest("venue_order_id or client_key is required", field="venue_order_id")
        quantity = body.optional_decimal("quantity")
        return _order_view(venue.hand.fill(order_id=order_id, client_key=client_key, quantity=quantity))

    def cash(self, body: Fields) -> object:
        """Pay money in (positive) or out (negative)."""
        body.only("broker", "account_id", "currency", "amount", "kind")
        venue = self._venue(body)
        currency, amount = body.text("currency"), body.decimal("amount")
        kind = body.word("kind", CASH_KINDS, "transfer")
        if not amount:
            raise InvalidRequest("must not be 0", field="amount")
        account_id = self._account(venue, body)
        total = venue.operator.move_cash(account_id, currency, amount, kind)
        return {"account_id": account_id, "currency": currency, "total": f"{total:f}"}

    def liquidate(self, body: Fields) -> object:
        """Close a position by force."""
        body.only("broker", "account_id", "symbol", "product")
        venue = self._venue(body)
        instruments = [each for each in self._instruments(venue, body) if not each.is_spot]
        if not instruments:
            raise InvalidRequest("has no positions to liquidate", field="symbol")
        return _order_view(venue.hand.liquidate(self._account(venue, body), instruments[0].symbol))

    async def market(self, body: Fields) -> object:
        """Pin or release a price, halt or resume, show a bad tick, or replay a file."""
        body.only("broker", "symbol", "product", "price", "halt", "bad_tick", "replay")
        venue = self._venue(body)
        symbols = [instrument.symbol for instrument in self._instruments(venue, body)]
        acts = [name for name in ("price", "halt", "bad_tick", "replay") if body.has(name)]
        if len(acts) != 1:
            raise InvalidRequest("exactly one of price, halt, bad_tick, replay is needed", field="price")
        if acts == ["replay"]:
            await _replay(venue, symbols, body.section("replay"))
        elif acts == ["price"]:
            price = body.optional_decimal("price")
            for symbol in symbols:
                _set_price(venue, symbol, price)
        else:
            for symbol in symbols:
                if acts == ["halt"]:
                    venue.operator.set_halt(symbol, halted=body.flag("halt"))
                else:
                    venue.operator.show_bad_tick(symbol, _any_number(body, "bad_tick"))
        return {"symbols": symbols}

    def clock(self, body: Fields) -> object:
        """Make a broker's clock wrong by some seconds."""
        body.only("broker", "offset_s")
        offset = body.decimal("offset_s")
        for name in [self.broker(body)] if body.has("broker") else list(self._venues):
            self._venues[name].clock.offset_ns = int(offset * NANOSECONDS)
        return {"offset_s": f"{offset:f}"}

    def forget(self, body: Fields) -> object:
        """Empty the view of recently closed orders."""
        venue = self._venue(body.only("broker"))
        venue.operator.forget_history()
        return {"broker": venue.name}

    def reset(self, body: Fields) -> object:
        """Start over with another seed: one broker or all."""
        body.only("broker", "seed")
        seed = body.integer("seed")
        names = [self.broker(body)] if body.has("broker") else list(self._venues)
        for name in names:
            self._venues[name].operator.reset(seed)
        return {"brokers": names, "seed": self._venues[names[0]].operator.seed}

    def _venue(self, body: Fields) -> SimulatedBroker:
        return self._venues[self.broker(body)]

    def _account(self, venue: SimulatedBroker, body: Fields) -> str:
        return body.word("account_id", venue.accounts, venue.operator.default_account())

    def _instruments(self, venue: SimulatedBroker, body: Fields) -> Sequence[Listed]:
        found = venue.operator.instruments_named(body.text("symbol"), body.optional_text("product"))
        if not found:
            names = ", ".join(venue.instruments)
            raise InvalidRequest(f"{venue.name} does not list it; it lists {names}", field="symbol")
        return found


async def _replay(venue: SimulatedBroker, symbols: list[str], fields: Fields) -> None:
    fields.only("file", "speed", "start")
    file = Path(fields.text("file"))
    speed, start_ns = fields.optional_decimal("speed") or Decimal(1), fields.time("start")
    if speed <= 0:
        raise InvalidRequest("must be above 0", field="replay.speed")
    try:
        recording = await asyncio.to_thread(read_recording, file, venue.instruments[symbols[0]].name)
    except (OSError, BadReplayFile) as error:
        raise InvalidRequest(str(error), field="replay.file") from error
    for symbol in symbols:
        venue.operator.replay(symbol, file, recording, float(speed), start_ns=start_ns)


def _set_price(venue: SimulatedBroker, symbol: str, price: Decimal | None) -> None:
    try:
        venue.operator.set_price(symbol, price)
    except VenueReject as reject:
        raise InvalidRequest(reject.detail, field="price") from reject


def _any_number(body: Fields, name: str) -> Decimal:
    value = body.values.get(name)
    try:
        number = float(str(value))
    except ValueError:
        raise InvalidRequest("must be a number, NaN included", field=name) from None
    return Decimal("NaN") if math.isnan(number) else Decimal(str(value))


def _order_view(order: OrderView) -> dict[str, object]:
    return {
        "venue_order_id": order.venue_order_id,
        "client_key": order.client_key,
        "symbol": order.symbol,
        "product": order.product,
        "status": order.status,
        "quantity": f"{order.quantity:f}",
        "filled_quantity": f"{order.filled_quantity:f}",
        "live": order.live,
    }

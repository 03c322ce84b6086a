"""From an order endpoint and a body to a request that is ready to be carried out.

Shared by REST and the trade socket, so that both count against the same rate limits.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from edgerunner.simulators.bybit import codes, formats
from edgerunner.simulators.bybit.auth import ApiKey
from edgerunner.simulators.bybit.bybit_faults import number
from edgerunner.simulators.bybit.categories import venue_key
from edgerunner.simulators.bybit.endpoints import OrderEndpoint
from edgerunner.simulators.bybit.envelope import Answer
from edgerunner.simulators.bybit.limits import ONE_SECOND_MS, Allowance, EndpointLimits
from edgerunner.simulators.bybit.operations import OrderCall, batch_items, target_of
from edgerunner.simulators.bybit.order_request import parse_category
from edgerunner.simulators.bybit.pipeline import Call, Pipeline
from edgerunner.simulators.venue import Venue


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A request that was let in: what it is about, and how to carry it out (may raise ``WireError``)."""

    call: Call
    act: Callable[[], Answer]


class OrderEntry:
    """Reads order requests, counts them, and prepares them."""

    def __init__(self, venue: Venue, limits: EndpointLimits, pipeline: Pipeline) -> None:
        self._venue = venue
        self._limits = limits
        self._pipeline = pipeline

    def prepare(self, endpoint: OrderEndpoint, caller: ApiKey, body: Mapping[str, Any]) -> tuple[Prepared, Allowance]:
        """Return the prepared request and what the rate limit says; raise 10001 for a wrong frame."""
        try:
            category = parse_category(body)
        except codes.WireError as error:
            if endpoint.op == "place":
                target = target_of(body)
                self._venue.count_refused_placement(
                    caller.account_id, target.client_key, target.symbol or "", error.text
                )
            raise
        items = batch_items(category, body) if endpoint.is_batch else [body]
        call = Call(
            op=endpoint.op,
            account_id=caller.account_id,
            targets=tuple(target_of(item) for item in items),
        )
        allowance = self.limited(
            call,
            self._limits.take(caller.user_id, endpoint.limit, category, wall_ms=self._now_ms(), units=len(items)),
        )
        order_call = OrderCall(account_id=caller.account_id, category=category, body=body, granted=allowance.granted)
        if allowance.granted or endpoint.is_batch:
            return Prepared(call=call, act=lambda: endpoint.answer(order_call)), allowance
        return Prepared(call=call, act=lambda: self._refuse(call, order_call)), allowance

    def limited(self, call: Call, allowance: Allowance) -> Allowance:
        """Return ``allowance`` as the active limit faults have it."""
        now_ms = self._now_ms()
        if self._pipeline.take("bybit.rate_reset_in_past", call) is not None:
            return replace(allowance, remaining=0, granted=0, reset_ms=now_ms - ONE_SECOND_MS)
        if (params := self._pipeline.take("rate_limit", call)) is not None:
            reset_ms = now_ms + int(number(params, "reset_s", 1) * 1000)
            return replace(allowance, remaining=0, granted=0, reset_ms=reset_ms)
        return allowance

    def _refuse(self, call: Call, order_call: OrderCall) -> Answer:
        refused = codes.WireError(codes.TOO_MANY_VISITS)
        if call.op == "place":
            target = call.targets[0]
            symbol = venue_key(order_call.category, target.symbol or "")
            self._venue.count_refused_placement(order_call.account_id, target.client_key, symbol, refused.text)
        raise refused

    def _now_ms(self) -> int:
        return formats.milliseconds(self._venue.wall_now_ns())

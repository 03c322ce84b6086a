"""Orders of a run that were refused, by reason."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from edgerunner.backtest.result import OrderRecord, Refusal
from edgerunner.domain.orders import OrderStatus

_CODE = re.compile(r"(?P<code>[a-z][a-z_]*): (?P<text>.+)", re.DOTALL)
REFUSED = (OrderStatus.DENIED, OrderStatus.REJECTED)


def refusals_of(orders: Sequence[OrderRecord]) -> tuple[Refusal, ...]:
    """Return the refused orders by code, the most frequent first; of equal ones the earliest."""
    found: dict[str, Refusal] = {}
    for order in _refused(orders):
        known = _CODE.fullmatch(order.reason or "")
        code, text = (known["code"], known["text"]) if known else ("refused", order.reason or "no reason was given")
        first = found.get(code)
        if first is None:
            time_ms = order.placed_time_ms
            found[code] = Refusal(code=code, orders=1, text=text, first_time_ms=time_ms, last_time_ms=time_ms)
        else:
            found[code] = replace(first, orders=first.orders + 1, last_time_ms=order.placed_time_ms)
    return tuple(sorted(found.values(), key=lambda each: -each.orders))


def _refused(orders: Iterable[OrderRecord]) -> Iterable[OrderRecord]:
    return (order for order in orders if order.status in REFUSED)

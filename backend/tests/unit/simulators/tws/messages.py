"""Made-up messages of every class, for tests of the TWS codec."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from edgerunner.simulators.tws.wire import kinds
from edgerunner.simulators.tws.wire.layout import Item, layout_of

LARGEST = 2**31 - 2  # one more means "not set"
PLAIN = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=8)
ESCAPABLE = st.text(st.characters(codec="utf-8", exclude_characters="\0\\"), max_size=8)
TAG = st.text(st.characters(codec="utf-8", exclude_characters="\0=;"), min_size=1, max_size=5)
NUMBERS = st.decimals(allow_nan=False, allow_infinity=False, places=6, min_value=-(10**12), max_value=10**12)
WHOLES = st.integers(-LARGEST, LARGEST)
BY_KIND: dict[kinds.Kind, st.SearchStrategy[Any]] = {
    kinds.TEXT: PLAIN,
    kinds.ESCAPED: ESCAPABLE,
    kinds.FLAG: st.booleans(),
    kinds.WHOLE: WHOLES,
    kinds.WHOLE_OR_ZERO: WHOLES,
    kinds.WHOLE_OR_EMPTY: st.none() | WHOLES,
    kinds.WHOLE_OR_MAX: st.none() | WHOLES,
    kinds.LONG_OR_MAX: st.none() | WHOLES,
    kinds.NUMBER: NUMBERS,
    kinds.NUMBER_OR_EMPTY: st.none() | NUMBERS | st.just(Decimal("Infinity")),
    kinds.NUMBER_OR_MAX: st.none() | NUMBERS,
    kinds.TAGS: st.lists(st.tuples(TAG, TAG), max_size=3).map(tuple),
}
TELLING = {
    "contract.sec_type": st.sampled_from(("STK", "BAG")),
    "contract.exchange": st.sampled_from(("SMART", "IBKRATS")),
    "order.order_type": st.sampled_from(("LMT", "PEG BENCH", "PEG BEST", "PEGMID")),
    "order.hedge_type": st.sampled_from(("", "D")),
    "order.algo_strategy": st.sampled_from(("", "Vwap")),
    "order.neutral_order_type": st.sampled_from(("", "None", "MKT")),
    "condition_type": st.sampled_from((1, 3, 4, 5, 6, 7)),
}
"""Values of fields that decide which others are there."""


def made_up(message: type[Any]) -> st.SearchStrategy[Any]:
    """Messages of a class with any values."""
    layout = layout_of(message)
    return _values(layout.items).map(lambda values: _assemble(message, layout.parts, values))


def _values(items: Sequence[Item]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({item.path: _value(item) for item in items if item.path is not None})


def _value(item: Item) -> st.SearchStrategy[Any]:
    if item.row_type is not None:
        row = item.row_type
        return st.lists(_values(item.row_items).map(lambda values: row(**values)), max_size=3).map(tuple)
    assert item.kind is not None
    if item.path == "tick_type" and item.kind is kinds.WHOLE:
        return st.integers(1, 4)
    return TELLING.get(str(item.path), BY_KIND[item.kind])


def _assemble(message: type[Any], parts: Any, values: dict[str, Any]) -> Any:
    nested: dict[str, dict[str, Any]] = {name: {} for name in parts}
    own: dict[str, Any] = {}
    for path, value in values.items():
        part, _, name = path.partition(".")
        (nested[part] if name else own)[name or part] = value
    return message(**own, **{name: parts[name](**given) for name, given in nested.items()})

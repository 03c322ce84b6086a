"""The capabilities tables of ``docs/brokers/`` are what the adapters declare.

After an intended change ``PYTHONPATH=backend .venv/bin/python backend/tests/unit/adapters/test_capability_tables.py``
writes the new ones.
"""

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from edgerunner.adapters.broker import Capabilities, ProductCapabilities
from edgerunner.adapters.bybit.capabilities import capabilities as bybit
from edgerunner.adapters.ibkr.capabilities import capabilities as ibkr
from edgerunner.adapters.mt5.capabilities import capabilities as mt5
from edgerunner.domain.orders import OrderType

FOLDER = Path(__file__).parents[4] / "docs" / "brokers"
DECLARED: Mapping[str, Capabilities] = {
    "bybit": bybit(None),
    "ibkr": ibkr(None),
    "mt5": mt5(is_hedged=True, refusal=None, with_depth=("cfd", "forex", "future", "stock")),
}
BEGIN, END = "<!-- capabilities: begin -->", "<!-- capabilities: end -->"

Cell = Callable[[ProductCapabilities], str]


def _mark(is_offered: bool) -> str:
    return "yes" if is_offered else "no"


def _words(values: frozenset[str]) -> str:
    return " ".join(sorted(map(str, values)))


ROWS: dict[str, Cell] = {
    **{str(kind): (lambda product, kind=kind: _mark(kind in product.order_types)) for kind in OrderType},  # type: ignore[misc]
    "time in force": lambda product: _words(product.time_in_force),
    "post_only": lambda product: _mark(product.post_only),
    "reduce_only": lambda product: _mark(product.reduce_only),
    "oca_group": lambda product: _mark(product.oca),
    "changes of": lambda product: _words(product.modify),
    "take profit, stop loss": lambda product: product.brackets,
    "long and short legs": lambda product: _mark(product.hedging),
    "book levels": lambda product: str(product.depth_levels),
    "candles": lambda product: " ".join(timeframe for timeframe in _sorted(product)),
    "funding": lambda product: _mark(product.funding),
    "leverage": lambda product: _mark(product.leverage),
    "trailing stop of a position": lambda product: _mark(product.trailing_stop),
}


def _sorted(product: ProductCapabilities) -> list[str]:
    return [str(each) for each in sorted(product.timeframes, key=lambda timeframe: timeframe.length_ns)]


def table(products: Mapping[str, ProductCapabilities]) -> str:
    """Return the table and the reasons beneath it."""
    lines = [f"| | {' | '.join(products)} |", "|---|" + "---|" * len(products)]
    lines += [
        f"| {name} | {' | '.join(cell(product) for product in products.values())} |" for name, cell in ROWS.items()
    ]
    reasons: dict[tuple[str, str], list[str]] = {}
    for label, product in products.items():
        for name, reason in product.unsupported.items():
            reasons.setdefault((name, reason), []).append(label)
    lines += ["", "Not offered, and why (refused with this reason before anything is sent):"]
    for (name, reason), labels in reasons.items():
        where = "" if len(labels) == len(products) else f" ({', '.join(labels)})"
        lines.append(f"- `{name}`{where}: {reason}.")
    return "\n".join(lines)


def with_table(page: str, products: Mapping[str, ProductCapabilities]) -> str:
    before, rest = page.split(BEGIN)
    return f"{before}{BEGIN}\n{table(products)}\n{END}{rest.split(END)[1]}"


@pytest.mark.parametrize("broker", DECLARED)
def test_capabilities_on_the_page_are_those_declared(broker: str) -> None:
    page = (FOLDER / f"{broker}.md").read_text()
    assert page == with_table(page, DECLARED[broker].products)


if __name__ == "__main__":
    for name, declared in DECLARED.items():
        file = FOLDER / f"{name}.md"
        file.write_text(with_table(file.read_text(), declared.products))

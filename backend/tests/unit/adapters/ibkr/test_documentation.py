"""The capabilities table of ``docs/brokers/ibkr.md`` is what the adapter declares.

After an intended change ``PYTHONPATH=backend .venv/bin/python backend/tests/unit/adapters/ibkr/test_documentation.py``
writes the new table.
"""

from collections.abc import Callable, Mapping
from pathlib import Path

from edgerunner.adapters.broker import ProductCapabilities
from edgerunner.adapters.ibkr.capabilities import capabilities
from edgerunner.domain.orders import OrderType

PAGE = Path(__file__).parents[5] / "docs" / "brokers" / "ibkr.md"
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


def test_capabilities_on_the_page_are_those_declared() -> None:
    page = PAGE.read_text()
    assert page == with_table(page, capabilities(None).products)


if __name__ == "__main__":
    PAGE.write_text(with_table(PAGE.read_text(), capabilities(None).products))

"""The capabilities table of ``docs/local-execution.md`` is what local execution declares on Bybit's market data.

After an intended change ``PYTHONPATH=backend .venv/bin/python
backend/tests/unit/adapters/local/test_local_documentation.py`` writes the new table.
"""

from pathlib import Path

from edgerunner.adapters.bybit.capabilities import capabilities
from edgerunner.adapters.local.capabilities import local_capabilities
from tests.unit.adapters.test_capability_tables import with_table

PAGE = Path(__file__).parents[5] / "docs" / "local-execution.md"
PRODUCTS = local_capabilities(capabilities(None)).products


def test_capabilities_on_the_page_are_those_declared() -> None:
    page = PAGE.read_text()
    assert page == with_table(page, PRODUCTS)


if __name__ == "__main__":
    PAGE.write_text(with_table(PAGE.read_text(), PRODUCTS))

"""Every attack that takes no time-outs, on an instance of its own: no defence breaks, and it goes on trading."""

from collections.abc import Iterator

import pytest

from tests.attacks.__main__ import GROUPS, attacked
from tests.attacks.bench import table
from tests.system.product import Product

pytestmark = pytest.mark.system


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """A running instance."""
    started = Product(tmp_path_factory.mktemp("attacked") / "data")
    try:
        started.start()
        yield started
    finally:
        started.end()


@pytest.mark.parametrize("group", GROUPS)
async def test_no_defence_breaks(product: Product, group: str) -> None:
    world = await attacked(product, [group], full=False)
    broken = [row for row in world.rows if not row.defence_held]
    assert not broken, table(world.rows)

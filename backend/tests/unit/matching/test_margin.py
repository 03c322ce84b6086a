"""The price that ends a position."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgerunner.matching.margin import price_of_ruin


def test_a_position_without_enough_at_stake_cannot_be_ruined() -> None:
    assert price_of_ruin(Decimal(1), Decimal(100), Decimal(200), Decimal("0.005")) is None
    assert price_of_ruin(Decimal(-1), Decimal(100), Decimal(2), Decimal("0.005"), inverse=True) is None


@given(
    st.integers(-1000, 1000).filter(bool),
    st.integers(1, 100_000),
    st.integers(1, 1_000),
    st.sampled_from(["0", "0.005"]),
)
def test_at_that_price_the_backing_is_the_wanted_share(lots: int, mark: int, share: int, rate: str) -> None:
    quantity, backing = Decimal(lots), abs(Decimal(lots)) * mark * share / 10_000
    price = price_of_ruin(quantity, Decimal(mark), backing, Decimal(rate))
    if price is not None:
        assert backing + quantity * (price - mark) == pytest.approx(
            Decimal(rate) * abs(quantity) * price, abs=Decimal("1e-9")
        )
    worth = quantity / mark
    price = price_of_ruin(quantity, Decimal(mark), abs(worth) * share / 10_000, Decimal(rate), inverse=True)
    if price is not None:
        left = abs(worth) * share / 10_000 + worth - quantity / price
        assert left == pytest.approx(Decimal(rate) * abs(quantity) / price, abs=Decimal("1e-9"))

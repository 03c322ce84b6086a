"""A broker that counts commissions into its average cost: good to begin with, never a difference."""

from decimal import Decimal

from edgerunner.domain.instruments import ContractTerms, Product, QuantityUnit
from edgerunner.services.position_check import Holding, differences, opening_differences

CONTRACT = ContractTerms(
    product=Product.STOCK, base="AAPL", quote="USD", settle="USD", quantity_unit=QuantityUnit.SHARES
)


def holding(average: str | None, *, has_fees: bool = False, quantity: str = "10") -> Holding:
    return Holding(
        account_id="DU1",
        instrument_id="AAPL.IBKR",
        leg="net",
        contract=CONTRACT,
        quantity=Decimal(quantity),
        average_price=Decimal(average) if average else None,
        average_has_fees=has_fees,
    )


def test_average_with_fees_is_not_compared_with_ours() -> None:
    assert differences([holding("264.71")], [holding("264.81", has_fees=True)]) == []
    assert len(differences([holding("264.71")], [holding("264.81")])) == 1


def test_average_with_fees_is_taken_where_ours_is_unknown() -> None:
    (found,) = differences([holding(None)], [holding("264.81", has_fees=True)])
    assert found.target.average_price == Decimal("264.81")


def test_average_with_fees_is_what_a_new_connection_begins_with() -> None:
    (found,) = opening_differences([holding("264.81", has_fees=True)], [])
    assert found.target.average_price == Decimal("264.81")


def test_quantity_that_differs_is_a_difference_all_the_same() -> None:
    (found,) = differences([holding("264.71")], [holding("264.81", has_fees=True, quantity="12")])
    assert (found.ours, found.target.quantity) == (Decimal(10), Decimal(12))

"""The quick ``replace`` does what ``dataclasses.replace`` does."""

import dataclasses
from dataclasses import dataclass
from decimal import Decimal

import pytest

from edgerunner.domain.orders import Order, OrderStatus
from edgerunner.domain.values import replace
from tests.fakes.events import filled, initialized, order_after


def order() -> Order:
    return order_after(initialized("2"), filled("T1", "1", fee="1"))


def test_a_changed_copy_equals_that_of_the_standard_library() -> None:
    quick = replace(order(), status=OrderStatus.CANCELED, filled_quantity=Decimal(2))
    assert quick == dataclasses.replace(order(), status=OrderStatus.CANCELED, filled_quantity=Decimal(2))
    assert type(quick) is Order
    assert hash(quick) == hash(dataclasses.replace(quick))


def test_the_original_stays_as_it_was() -> None:
    original = order()
    replace(original, status=OrderStatus.CANCELED)
    assert original == order()


def test_the_copy_is_frozen() -> None:
    copy = replace(order(), status=OrderStatus.CANCELED)
    with pytest.raises(dataclasses.FrozenInstanceError):
        copy.status = OrderStatus.FILLED  # type: ignore[misc]


def test_a_change_to_the_same_values_is_the_same_object() -> None:
    original = order()
    assert replace(original, status=original.status, fees=original.fees) is original


def test_an_unknown_field_is_an_error() -> None:
    with pytest.raises(AttributeError):
        replace(order(), pizza=1)  # type: ignore[call-arg]


@dataclass(frozen=True, slots=True)
class Checked:
    low: int
    high: int

    def __post_init__(self) -> None:
        if self.low > self.high:
            raise ValueError


def test_a_class_that_checks_itself_is_refused() -> None:
    with pytest.raises(TypeError, match="Checked checks itself"):
        replace(Checked(1, 2), low=3)

"""Errors on the wire: RFC 9457 problems, each with a stable code."""

from edgerunner.domain.errors import FieldError
from edgerunner.schemas.base import AnswerModel
from edgerunner.schemas.orders import OrderAnswer

PROBLEM_MEDIA_TYPE = "application/problem+json"


class FieldProblem(AnswerModel):
    """One wrong field: dotted name, stable code, sentence."""

    field: str
    code: str
    message: str


class Problem(AnswerModel):
    """Why a request was not carried out."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    errors: list[FieldProblem]


class DeniedProblem(Problem):
    """The order was refused by our own checks; it is stored with ``status`` denied."""

    order: OrderAnswer


def problem(*, status: int, code: str, detail: str, errors: tuple[FieldError, ...] = ()) -> Problem:
    """Return a problem whose type points at the code's entry in the documentation page."""
    return Problem(
        type=f"/docs#{code}",
        title=code.replace("_", " ").capitalize(),
        status=status,
        detail=detail,
        code=code,
        errors=[FieldProblem(field=error.field, code=error.code, message=error.message) for error in errors],
    )


def denied_problem(order: OrderAnswer) -> DeniedProblem:
    """Return the answer to an order that we refused ourselves."""
    if order.denied is None:
        raise ValueError("the order was not denied")
    cause = FieldError(field="order", code=order.denied.code, message=order.denied.text)
    plain = problem(status=422, code="denied_by_risk", detail=order.denied.text, errors=(cause,))
    return DeniedProblem(**dict(plain), order=order)

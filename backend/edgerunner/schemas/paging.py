"""Pages of long lists: a bounded limit and an opaque cursor."""

from typing import Annotated

from pydantic import Field

from edgerunner.schemas.base import RequestModel, WholeNumber

Limit = Annotated[WholeNumber, Field(ge=1, le=1_000, description="Most items of one answer.")]
Cursor = Annotated[
    str,
    Field(
        pattern=r"^[A-Za-z0-9_=.:-]{1,256}$",
        description="`next_cursor` of the page before; opaque.",
    ),
]


class PageQuery(RequestModel):
    """Which part of a list."""

    limit: Limit = 100
    cursor: Cursor | None = None

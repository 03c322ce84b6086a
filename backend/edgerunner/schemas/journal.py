"""Export of the journal."""

from typing import Annotated, Literal

from pydantic import Field

from edgerunner.schemas.base import AnswerModel, RequestModel, WholeNumber
from edgerunner.schemas.ledger import EventAnswer


class JournalQuery(RequestModel):
    """Which events, oldest first, and how to write them."""

    format: Literal["json", "csv", "parquet"] = "json"
    after_seq: Annotated[WholeNumber, Field(ge=0, le=2**63 - 1, description="Only events with a greater seq.")] = 0
    limit: Annotated[WholeNumber, Field(ge=1, le=10_000_000, description="Most events; null: all.")] | None = None


class JournalExport(AnswerModel):
    """Events, oldest first."""

    events: list[EventAnswer]

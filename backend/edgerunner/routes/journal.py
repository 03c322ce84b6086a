"""Export of the journal as JSON, CSV or Parquet."""

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import Response, StreamingResponse

from edgerunner.domain.errors import Unsupported
from edgerunner.routes.context import ServicesOf
from edgerunner.routes.errors import error_responses
from edgerunner.routes.journal_export import export_csv, export_json, export_parquet, has_parquet, open_pages
from edgerunner.routes.strict import StrictRoute
from edgerunner.schemas.journal import JournalExport, JournalQuery

router = APIRouter(tags=["journal"], route_class=StrictRoute)

_PARQUET = "application/vnd.apache.parquet"
_WRITERS = {
    "json": (export_json, "application/json"),
    "csv": (export_csv, "text/csv; charset=utf-8"),
    "parquet": (export_parquet, _PARQUET),
}


@router.get(
    "/journal",
    response_model=JournalExport,
    responses={
        200: {
            "description": "The events, oldest first, streamed: an answer that breaks off is not whole.",
            "content": {
                "text/csv": {"schema": {"type": "string"}},
                _PARQUET: {"schema": {"type": "string", "format": "binary"}},
            },
        },
        **error_responses("unsupported", "journal_unavailable"),
    },
)
async def journal(query: Annotated[JournalQuery, Query()], services: ServicesOf) -> Response:
    """Export the journal: every event that was recorded when the export began."""
    if query.format == "parquet" and not has_parquet():
        raise Unsupported("Parquet needs the package pyarrow: install it, or ask for json or csv")
    pages = await open_pages(services.journal, after_seq=query.after_seq, limit=query.limit)
    write, media_type = _WRITERS[query.format]
    headers = {"Cache-Control": "no-store", "Content-Disposition": f'attachment; filename="journal.{query.format}"'}
    return StreamingResponse(write(pages), media_type=media_type, headers=headers)

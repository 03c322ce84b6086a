"""Datasets: uploaded files and downloaded history, for backtests. Never a path of the server."""

from typing import Annotated, Any

from fastapi import APIRouter, Body, Path, Query, Request
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from edgerunner.routes.answers import answer
from edgerunner.routes.context import ServicesOf
from edgerunner.routes.dataset_rendering import dataset_answer
from edgerunner.routes.errors import error_responses, require
from edgerunner.routes.examples import DOWNLOAD_DATASET, UPLOAD_DATASET
from edgerunner.routes.strict import StrictRoute
from edgerunner.routes.uploads import FILE_FIELD, received
from edgerunner.schemas.datasets import (
    DatasetAnswer,
    DatasetId,
    DatasetList,
    DatasetsQuery,
    DownloadRequestBody,
    UploadForm,
)
from edgerunner.services.dataset_import import ImportRequest
from edgerunner.services.dataset_service import DownloadRequest
from edgerunner.storage.repairs import Repair

router = APIRouter(tags=["datasets"], route_class=StrictRoute)

_NS_PER_MS = 1_000_000


def _upload_schema() -> dict[str, Any]:
    schema = UploadForm.model_json_schema(ref_template="#/components/schemas/{model}")
    schema.pop("$defs", None)
    schema["properties"]["repairs"].pop("default")  # a form has no lists: it is left out
    file = {"type": "string", "format": "binary", "description": "CSV (plain or gzipped) or Parquet."}
    properties = {FILE_FIELD: file, **schema["properties"]}
    return {**schema, "properties": properties, "required": [FILE_FIELD, *schema["required"]]}


_UPLOAD_BODY = {
    "requestBody": {
        "required": True,
        "content": {"multipart/form-data": {"schema": _upload_schema(), "examples": UPLOAD_DATASET}},
    }
}


@router.get("/datasets", response_model=DatasetList, responses=error_responses())
async def datasets(query: Annotated[DatasetsQuery, Query()], services: ServicesOf) -> Response:
    """Return datasets, newest first."""
    found = await services.datasets.list(before=query.cursor, limit=query.limit + 1)
    shown = found[: query.limit]
    cursor = shown[-1].dataset_id if len(found) > len(shown) else None
    return answer(DatasetList(datasets=[dataset_answer(dataset) for dataset in shown], next_cursor=cursor))


@router.post(
    "/datasets",
    status_code=201,
    response_model=DatasetAnswer,
    responses=error_responses("payload_too_large", "conflict"),
    openapi_extra=_UPLOAD_BODY,
)
async def upload(request: Request, services: ServicesOf) -> Response:
    """Store an uploaded file of bars or ticks as a dataset.

    A bad row is an error that names row and column, and nothing is stored, unless `repairs` allows more.
    What is odd but possible (gaps, outliers, zero volume) is reported in `checks`.
    """
    async with received(request, file_bytes=services.datasets.limits.file_bytes) as sent:
        form = _form(sent.fields)
        wanted = ImportRequest(
            file_name=sent.file_name,
            instrument_id=form.instrument_id,
            name=form.name,
            timeframe=form.timeframe,
            timezone=form.timezone,
            format=form.format,
            repairs=frozenset(Repair(word) for word in form.repairs),
        )
        return answer(dataset_answer(await services.datasets.import_file(sent.file, wanted)), 201)


@router.post(
    "/datasets/download",
    status_code=202,
    response_model=DatasetAnswer,
    responses=error_responses(
        "not_found",
        "payload_too_large",
        "conflict",
        "not_connected",
        "broker_unreachable",
        "broker_error",
        "broker_timeout",
        "unsupported",
    ),
)
async def download(
    request: Annotated[DownloadRequestBody, Body(openapi_examples=DOWNLOAD_DATASET)], services: ServicesOf
) -> Response:
    """Fetch history of a connection in the background; `GET /datasets/{dataset_id}` shows how far it is.

    It goes on after a restart. Asking again for the same bars and start continues one that failed or was canceled.
    """
    require(request.rule_errors())
    wanted = DownloadRequest(
        connection_id=request.connection_id,
        instrument_id=request.instrument_id,
        timeframe=request.timeframe,
        start_ms=-(-request.start // _NS_PER_MS),
        end_ms=None if request.end is None else -(-request.end // _NS_PER_MS),
        name=request.name,
    )
    return answer(dataset_answer(await services.datasets.download(wanted)), 202)


@router.api_route("/datasets/download", methods=["GET", "DELETE"], include_in_schema=False)
async def download_is_posted() -> None:
    """Answer 405 where the path of one dataset would take the word for an id."""
    raise HTTPException(405)


@router.get("/datasets/{dataset_id}", response_model=DatasetAnswer, responses=error_responses("not_found"))
async def dataset(dataset_id: Annotated[DatasetId, Path()], services: ServicesOf) -> Response:
    """Return one dataset with its checks and, while it is fetched, how far that is."""
    return answer(dataset_answer(await services.datasets.get(dataset_id)))


@router.delete(
    "/datasets/{dataset_id}", response_model=DatasetAnswer, responses=error_responses("not_found", "conflict")
)
async def delete(dataset_id: Annotated[DatasetId, Path()], services: ServicesOf) -> Response:
    """Delete a dataset and return what it was; a download into it ends."""
    return answer(dataset_answer(await services.datasets.delete(dataset_id)))


@router.delete(
    "/datasets/{dataset_id}/download",
    response_model=DatasetAnswer,
    responses=error_responses("not_found", "conflict"),
)
async def cancel_download(dataset_id: Annotated[DatasetId, Path()], services: ServicesOf) -> Response:
    """Stop a download and keep what it fetched; asking for the same download again continues it."""
    return answer(dataset_answer(await services.datasets.cancel_download(dataset_id)))


def _form(fields: dict[str, str]) -> UploadForm:
    try:
        return UploadForm.model_validate(fields)
    except ValidationError as error:
        raise RequestValidationError([{**item, "loc": ("body", *item["loc"])} for item in error.errors()]) from None

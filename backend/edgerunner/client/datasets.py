"""Datasets through the API."""

from typing import Literal, TypedDict, cast

from edgerunner.client.transport import ApiTransport


class DatasetDownload(TypedDict):
    """Where a download stands; ``progress`` 0 to 1."""

    state: Literal["queued", "running", "completed", "failed", "canceled"]
    progress: float
    start: str
    end: str
    error: str | None


class Dataset(TypedDict):
    """What a client reads of a dataset; the API's document lists all fields."""

    dataset_id: str
    name: str
    kind: Literal["bars", "ticks"]
    instrument_id: str
    timeframe: str | None
    rows: int
    start: str | None
    end: str | None
    sha256: str
    download: DatasetDownload | None


class DatasetsApi:
    """Read stored history and fetch more of it. Files are uploaded as a multipart form: see the API's document."""

    def __init__(self, transport: ApiTransport) -> None:
        self._transport = transport

    async def page(self, *, limit: int | None = None, cursor: str | None = None) -> tuple[list[Dataset], str | None]:
        """Return datasets, newest first, and the cursor of the next page."""
        answer = await self._transport.get("/datasets", limit=limit, cursor=cursor)
        return cast("list[Dataset]", answer["datasets"]), cast("str | None", answer["next_cursor"])

    async def get(self, dataset_id: str) -> Dataset:
        """Return one dataset."""
        return cast("Dataset", await self._transport.get(f"/datasets/{dataset_id}"))

    async def delete(self, dataset_id: str) -> Dataset:
        """Delete a dataset and return what it was."""
        return cast("Dataset", await self._transport.command("DELETE", f"/datasets/{dataset_id}"))

    async def download(
        self,
        connection_id: str,
        instrument_id: str,
        timeframe: str,
        *,
        start: str,
        end: str | None = None,
        name: str | None = None,
    ) -> Dataset:
        """Fetch bars that open in [start, end) in the background; ``get`` shows how far it is.

        Times are RFC 3339. The same call continues a download that failed or was canceled.
        """
        body = {
            "connection_id": connection_id,
            "instrument_id": instrument_id,
            "timeframe": timeframe,
            "start": start,
            "end": end,
            "name": name,
        }
        return cast("Dataset", await self._transport.command("POST", "/datasets/download", body))

    async def cancel_download(self, dataset_id: str) -> Dataset:
        """Stop a download and keep what it fetched."""
        return cast("Dataset", await self._transport.command("DELETE", f"/datasets/{dataset_id}/download"))

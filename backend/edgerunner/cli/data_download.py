"""What ``edgerunner data download`` does: one call of the API, then its progress."""

import asyncio
import re
from dataclasses import dataclass

from edgerunner.cli.api_access import Api
from edgerunner.cli.output import CommandFailed, ExitCode, Output
from edgerunner.client import EdgerunnerClient
from edgerunner.client.datasets import Dataset

_POLL_S = 0.5
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_UNFINISHED = frozenset({"queued", "running"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Bars to fetch, as typed."""

    connection_id: str
    instrument_id: str
    timeframe: str
    start: str
    end: str | None
    name: str | None


def run(output: Output, api: Api, wanted: Wanted, *, is_awaited: bool) -> None:
    """Start or continue a download and follow it to its end; exit code 1 when it failed.

    Interrupting ends the following, not the download.
    """

    async def follow(client: EdgerunnerClient) -> Dataset:
        dataset = await client.datasets.download(
            wanted.connection_id,
            wanted.instrument_id,
            wanted.timeframe,
            start=_moment(wanted.start),
            end=None if wanted.end is None else _moment(wanted.end),
            name=wanted.name,
        )
        shown = ""
        while is_awaited and (download := dataset["download"]) and download["state"] in _UNFINISHED:
            shown = _progress(output, dataset, shown)
            await asyncio.sleep(_POLL_S)
            dataset = await client.datasets.get(dataset["dataset_id"])
        return dataset

    _finish(output, api.call(follow))


def _progress(output: Output, dataset: Dataset, shown: str) -> str:
    """Print how far it is when that changed, and return it."""
    download = dataset["download"]
    text = f"{100 * (download['progress'] if download else 0):.0f} %, {dataset['rows']} bars"
    if text != shown:
        output.event(event="progress", dataset_id=dataset["dataset_id"], rows=dataset["rows"], download=download)
        output.say(text)
    return text


def _finish(output: Output, dataset: Dataset) -> None:
    download = dataset["download"]
    output.event(event="dataset", dataset=dataset)
    state = download["state"] if download else "completed"
    output.say(f"{dataset['dataset_id']}  {dataset['instrument_id']} {dataset['timeframe']}: {dataset['rows']} bars")
    if state in {"failed", "canceled"}:
        reason = (download["error"] if download else None) or "it was canceled"
        raise CommandFailed(
            ExitCode.FAILED, f"The download {state}: {reason}. The same command continues from what is stored."
        )


def _moment(text: str) -> str:
    """Return a day as its first moment in UTC; other texts are the API's to judge."""
    return f"{text}T00:00:00Z" if _DAY.fullmatch(text) else text

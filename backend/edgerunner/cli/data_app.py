"""``edgerunner data``: history for backtests; all but ``download`` work on the data folder, without a running API."""

from pathlib import Path
from typing import Annotated

import typer

from edgerunner.cli import options
from edgerunner.cli.output import Output, reporting

data_app = typer.Typer(
    name="data", help="Import, download and list history.", no_args_is_help=True, rich_markup_mode=None
)

File = Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=True, help="CSV, CSV.GZ or Parquet.")]
DatasetId = Annotated[str, typer.Argument(help="Id of the dataset, as `edgerunner data list` shows it.")]
Instrument = Annotated[str, typer.Option("--instrument", help="Instrument of the rows, such as EURUSD.MT5.")]
Name = Annotated[str | None, typer.Option("--name", help="A label; else the file's name.")]
Timeframe = Annotated[str | None, typer.Option("--timeframe", help="1s 5s 1m 5m 15m 30m 1h 4h 1d; else told by times.")]
Timezone = Annotated[
    str | None, typer.Option("--timezone", help="Clock behind times without an offset, such as Europe/Athens.")
]
Format = Annotated[str | None, typer.Option("--format", help="csv, mt5, bybit or parquet; told by the content.")]
SkipBadRows = Annotated[bool, typer.Option("--skip-bad-rows", help="Leave out rows that are unreadable or impossible.")]
Sort = Annotated[bool, typer.Option("--sort", help="Put rows in the order of their times.")]
DropDuplicates = Annotated[bool, typer.Option("--drop-duplicates", help="Of bars with the same time keep the first.")]
ConnectionId = Annotated[str, typer.Option("--connection", help="Connection to fetch from.")]
Start = Annotated[str, typer.Option("--start", help="First opening: 2026-01-31 or 2026-01-31T09:30:00Z.")]
End = Annotated[str | None, typer.Option("--end", help="Fetch bars that open before; else until now.")]
NoWait = Annotated[bool, typer.Option("--no-wait", help="Only start it; the API goes on by itself.")]


@data_app.command("import")
def import_command(
    file: File,
    *,
    instrument: Instrument,
    name: Name = None,
    timeframe: Timeframe = None,
    timezone: Timezone = None,
    format_word: Format = None,
    skip_bad_rows: SkipBadRows = False,
    sort: Sort = False,
    drop_duplicates: DropDuplicates = False,
    data_dir: options.DataDir = None,
    json: options.AsJson = False,
) -> None:
    """Store a file of bars or ticks as a dataset."""
    output = Output(as_json=json)
    with reporting(output):
        from edgerunner.cli import data

        asked = {"skip_bad_rows": skip_bad_rows, "sort": sort, "drop_duplicates": drop_duplicates}
        fields = {
            "instrument_id": instrument,
            "name": name,
            "timeframe": timeframe,
            "timezone": timezone,
            "format": format_word,
            "repairs": ",".join(word for word, is_asked in asked.items() if is_asked) or None,
        }
        data.import_path(output, data_dir, file, fields)


@data_app.command("list")
def list_command(*, data_dir: options.DataDir = None, json: options.AsJson = False) -> None:
    """List datasets, newest first."""
    output = Output(as_json=json)
    with reporting(output):
        from edgerunner.cli import data

        data.show_all(output, data_dir)


@data_app.command()
def show(dataset_id: DatasetId, *, data_dir: options.DataDir = None, json: options.AsJson = False) -> None:
    """Show one dataset and what is odd about it."""
    output = Output(as_json=json)
    with reporting(output):
        from edgerunner.cli import data

        data.show(output, data_dir, dataset_id)


@data_app.command()
def delete(dataset_id: DatasetId, *, data_dir: options.DataDir = None, json: options.AsJson = False) -> None:
    """Delete a dataset."""
    output = Output(as_json=json)
    with reporting(output):
        from edgerunner.cli import data

        data.delete(output, data_dir, dataset_id)


@data_app.command()
def download(
    instrument_id: Annotated[str, typer.Argument(help="Such as BTCUSDT-LINEAR.BYBIT.")],
    *,
    timeframe: Annotated[str, typer.Option("--timeframe", help="1s 5s 1m 5m 15m 30m 1h 4h 1d.")] = "1m",
    start: Start,
    end: End = None,
    connection: ConnectionId = "bybit-sim",
    name: Name = None,
    no_wait: NoWait = False,
    url: options.Url = None,
    data_dir: options.DataDir = None,
    json: options.AsJson = False,
) -> None:
    """Fetch history of a connection through the running API; the same command continues an unfinished one."""
    output = Output(as_json=json)
    with reporting(output):
        from edgerunner.cli import api_access, data_download

        wanted = data_download.Wanted(
            connection_id=connection,
            instrument_id=instrument_id,
            timeframe=timeframe,
            start=start,
            end=end,
            name=name,
        )
        data_download.run(output, api_access.Api.of(url, data_dir), wanted, is_awaited=not no_wait)

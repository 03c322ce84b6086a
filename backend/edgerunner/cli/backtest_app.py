"""``edgerunner backtest``: strategies on files and datasets, without an API."""

from pathlib import Path
from typing import Annotated

import typer

from edgerunner.cli import options
from edgerunner.cli.output import Output, reporting

backtest_app = typer.Typer(
    name="backtest", help="Run strategies on history, in this process.", no_args_is_help=True, rich_markup_mode=None
)

StrategyName = Annotated[
    str,
    typer.Argument(
        metavar="STRATEGY",
        help="A shipped class such as SmaCross, <file>.<class> of the data folder's strategies, or PATH.py:CLASS.",
    ),
]
DataFile = Annotated[Path | None, typer.Option("--data", help="CSV or Parquet file of bars; may be gzipped.")]
DatasetId = Annotated[str | None, typer.Option("--dataset", help="Dataset of the data folder, instead of --data.")]
Timezone = Annotated[
    str | None, typer.Option("--timezone", help="Clock behind the file's times that name no offset, such as UTC.")
]
Timeframe = Annotated[
    str | None, typer.Option("--timeframe", help="Length of a bar, such as 1m; else told by the times.")
]
InstrumentId = Annotated[str | None, typer.Option("--instrument", help="Name of the instrument in the results.")]
Start = Annotated[
    str | None, typer.Option("--start", help="RFC 3339 time of the first bar, such as 2026-01-01T00:00:00Z.")
]
End = Annotated[str | None, typer.Option("--end", help="RFC 3339 time past the last bar.")]
Cash = Annotated[str, typer.Option("--cash", help="Money at the start.")]
Maker = Annotated[str, typer.Option("--maker", help="Maker fee as a fraction of notional.")]
Taker = Annotated[str, typer.Option("--taker", help="Taker fee as a fraction of notional.")]
Slippage = Annotated[str, typer.Option("--slippage", help="Fraction of the price lost by orders that take.")]
Spread = Annotated[
    str, typer.Option("--spread", help="Part of the data's spread that takers pay: none, mid (half), bid (buyers all).")
]
Fill = Annotated[str, typer.Option("--fill", help="next_open or same_close.")]
Limits = Annotated[
    list[str] | None,
    typer.Option("--limit", help="NAME=VALUE of a risk limit such as max_daily_loss=500; may be given often."),
]
Seed = Annotated[int, typer.Option("--seed", min=0, help="Kept with the result.")]


@backtest_app.command()
def run(
    strategy: StrategyName,
    *,
    data: DataFile = None,
    dataset: DatasetId = None,
    param: Annotated[list[str] | None, typer.Option("--param", help="NAME=VALUE; may be given often.")] = None,
    timezone: Timezone = None,
    timeframe: Timeframe = None,
    instrument: InstrumentId = None,
    start: Start = None,
    end: End = None,
    cash: Cash = "10000",
    maker: Maker = "0",
    taker: Taker = "0",
    slippage: Slippage = "0",
    spread: Spread = "none",
    fill: Fill = "next_open",
    limit: Limits = None,
    seed: Seed = 0,
    report: Annotated[Path | None, typer.Option("--report", help="Write the report as one HTML file.")] = None,
    data_dir: options.DataDir = None,
    json: options.AsJson = False,
) -> None:
    """Run one backtest and print what it achieved."""
    output = Output(as_json=json)
    with reporting(output):
        from edgerunner.cli import backtest, backtest_inputs

        source = backtest_inputs.Source(
            file=data, dataset_id=dataset, timezone=timezone, timeframe=timeframe, instrument_id=instrument
        )
        terms = backtest_inputs.Terms(
            start=start,
            end=end,
            cash=cash,
            maker=maker,
            taker=taker,
            slippage=slippage,
            spread=spread,
            fill=fill,
            limits=tuple(limit or ()),
            seed=seed,
        )
        plan = backtest_inputs.Plan(strategy=strategy, source=source, terms=terms, data_dir=data_dir)
        backtest.run(output, plan, parameters=tuple(param or ()), report=report)


@backtest_app.command()
def sweep(
    strategy: StrategyName,
    *,
    data: DataFile = None,
    dataset: DatasetId = None,
    param: Annotated[
        list[str] | None,
        typer.Option("--param", help="NAME=VALUE, NAME=FIRST:LAST:STEP or NAME=A,B,C; may be given often."),
    ] = None,
    timezone: Timezone = None,
    timeframe: Timeframe = None,
    instrument: InstrumentId = None,
    start: Start = None,
    end: End = None,
    cash: Cash = "10000",
    maker: Maker = "0",
    taker: Taker = "0",
    slippage: Slippage = "0",
    spread: Spread = "none",
    fill: Fill = "next_open",
    limit: Limits = None,
    seed: Seed = 0,
    sort: Annotated[str, typer.Option("--sort", help="Metric that orders the table, best first.")] = "total_return",
    top: Annotated[int, typer.Option("--top", min=1, help="Rows of the table; --json prints all.")] = 20,
    processes: Annotated[int | None, typer.Option("--processes", min=1, help="Else one per core.")] = None,
    data_dir: options.DataDir = None,
    json: options.AsJson = False,
) -> None:
    """Run a strategy with every combination of parameters and list what each achieved."""
    output = Output(as_json=json)
    with reporting(output):
        from edgerunner.cli import backtest_inputs, backtest_sweep

        source = backtest_inputs.Source(
            file=data, dataset_id=dataset, timezone=timezone, timeframe=timeframe, instrument_id=instrument
        )
        terms = backtest_inputs.Terms(
            start=start,
            end=end,
            cash=cash,
            maker=maker,
            taker=taker,
            slippage=slippage,
            spread=spread,
            fill=fill,
            limits=tuple(limit or ()),
            seed=seed,
        )
        plan = backtest_inputs.Plan(strategy=strategy, source=source, terms=terms, data_dir=data_dir)
        wanted = backtest_sweep.Wanted(parameters=tuple(param or ()), sort=sort, top=top, processes=processes)
        backtest_sweep.sweep(output, plan, wanted)

"""The commands and their options; each loads its own module only when it runs."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from edgerunner.cli import options
from edgerunner.cli.backtest_app import backtest_app
from edgerunner.cli.backup_app import backup_app, restore
from edgerunner.cli.data_app import data_app
from edgerunner.cli.ea_app import ea_app
from edgerunner.cli.output import Output, reporting
from edgerunner.cli.secrets_app import secrets_app
from edgerunner.cli.trade_app import trade_app
from edgerunner.cli.user_app import key_app, user_app

app = typer.Typer(
    name="edgerunner",
    help="Edgerunner OS: one API over Interactive Brokers, MetaTrader 5 and Bybit.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.add_typer(trade_app)
app.add_typer(backtest_app)
app.add_typer(backup_app)
app.command()(restore)
app.add_typer(data_app)
app.add_typer(ea_app)
app.add_typer(secrets_app)
app.add_typer(user_app)
app.add_typer(key_app)


def main() -> None:
    """Run the command line. Exit codes: 0 ok, 1 failed, 2 usage, 3 unreachable or port in use, 4 refused."""
    app()


def _show_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"edgerunner {version('edgerunner')}")
        raise typer.Exit


@app.callback()
def _edgerunner(
    *,
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", is_eager=True, callback=_show_version)
    ] = False,
) -> None:
    pass


@app.command()
def up(
    *,
    host: options.Host = None,
    port: options.Port = None,
    data_dir: options.DataDir = None,
    json: options.AsJson = False,
) -> None:
    """Start the API, the simulated brokers and the connections to them."""
    output = Output(as_json=json)
    with reporting(output):
        from edgerunner.cli.up import run_up

        run_up(output, host=host, port=port, data_dir=data_dir)


@app.command()
def serve(
    *,
    host: options.Host = None,
    port: options.Port = None,
    data_dir: options.DataDir = None,
    json: options.AsJson = False,
) -> None:
    """Start the API alone."""
    output = Output(as_json=json)
    with reporting(output):
        from edgerunner.cli.up import run_serve

        run_serve(output, host=host, port=port, data_dir=data_dir)


class SimulatorChoice(StrEnum):
    """Which simulated brokers to start."""

    ALL = "all"
    BYBIT = "bybit"
    IBKR = "ibkr"
    MT5 = "mt5"


@app.command()
def sim(
    which: Annotated[SimulatorChoice, typer.Argument(help="Which brokers.")],
    *,
    seed: Annotated[int | None, typer.Option(help="Seed of the market; else EDGERUNNER_SIM_SEED.")] = None,
    speed: Annotated[
        float | None, typer.Option(help="Virtual seconds per second; with --replay, how fast the file plays.")
    ] = None,
    data_dir: options.DataDir = None,
    port: Annotated[int | None, typer.Option("--port", help="Port of the broker; with all, Bybit's.")] = None,
    ibkr_port: Annotated[int | None, typer.Option(help="Port of the simulated TWS, where all are started.")] = None,
    mt5_port: Annotated[int | None, typer.Option(help="Port of the bridge to MetaTrader 5, with all.")] = None,
    mt5_terminal_port: Annotated[int | None, typer.Option(help="Port of the simulated terminal itself.")] = None,
    control_port: Annotated[int | None, typer.Option(help="Port of the control interface.")] = None,
    symbols: Annotated[int, typer.Option(min=0, max=999, help="Synthetic Bybit symbols beside the usual ones.")] = 0,
    replay: Annotated[Path | None, typer.Option(help="File of bars, quotes or a book to play as prices.")] = None,
    symbol: Annotated[str | None, typer.Option(help="Symbol whose prices --replay replaces.")] = None,
    parent: Annotated[int | None, typer.Option(hidden=True)] = None,
    json: options.AsJson = False,
) -> None:
    """Start simulated brokers alone."""
    output = Output(as_json=json)
    with reporting(output):
        from edgerunner.cli.sim import SimRequest, run_sim

        request = SimRequest(
            which=which.value,
            seed=seed,
            speed=speed,
            data_dir=data_dir,
            port=port,
            ibkr_port=ibkr_port,
            mt5_port=mt5_port,
            mt5_terminal_port=mt5_terminal_port,
            control_port=control_port,
            symbols=symbols,
            replay=replay,
            symbol=symbol,
            parent=parent,
        )
        run_sim(output, request)


@app.command()
def watch(
    instruments: Annotated[
        list[str] | None, typer.Argument(help="Instruments to quote; the first connection's, or CONNECTION:INSTRUMENT.")
    ] = None,
    *,
    once: Annotated[bool, typer.Option("--once", help="Print one picture and end.")] = False,
    url: options.Url = None,
    data_dir: options.DataDir = None,
    json: options.AsJson = False,
) -> None:
    """Show connections, quotes, orders, positions and PnL live."""
    output = Output(as_json=json)
    with reporting(output):
        from edgerunner.cli.watch import run_watch

        run_watch(output, tuple(instruments or ()), once=once, url=url, data_dir=data_dir)


@app.command(
    name="mt5-bridge",
    context_settings={"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []},
)
def mt5_bridge(context: typer.Context) -> None:
    """Offer a MetaTrader 5 terminal to programs elsewhere; --help lists the options."""
    from edgerunner.mt5_bridge.command_line import main as run_bridge

    raise typer.Exit(run_bridge(context.args))


@app.command()
def doctor(*, data_dir: options.DataDir = None, json: options.AsJson = False) -> None:
    """Check this installation and say what to do about each trouble."""
    output = Output(as_json=json)
    with reporting(output):
        from edgerunner.cli.doctor import run_doctor

        run_doctor(output, data_dir=data_dir)

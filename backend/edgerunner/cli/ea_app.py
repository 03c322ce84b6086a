"""``edgerunner ea``: MetaTrader 5's Expert Advisors, through the API."""

from typing import Annotated

import typer

from edgerunner.cli import options
from edgerunner.cli.output import Output, reporting

ea_app = typer.Typer(
    name="ea",
    help="Launch, message and test Expert Advisors of MetaTrader 5.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

ExpertName = Annotated[str, typer.Argument(metavar="EXPERT", help="Path below MQL5/Experts, such as EdgerunnerBridge.")]
SymbolName = Annotated[str, typer.Argument(metavar="SYMBOL", help="As the broker writes it, such as EURUSD.")]
ExpertId = Annotated[str, typer.Argument(metavar="EXPERT_ID", help="Id that the launch printed.")]
TerminalName = Annotated[str, typer.Option("--terminal", help="Terminal of EDGERUNNER_MT5_TERMINALS.")]
Period = Annotated[str, typer.Option("--period", help="Chart period such as M5, H1, D1.")]
Inputs = Annotated[
    list[str] | None,
    typer.Option("--input", help='NAME=VALUE: true, 5, 0.1 or text ("..." where it looks like a number).'),
]
SIMULATED = "sim"


@ea_app.command()
def terminals(*, url: options.Url = None, data_dir: options.DataDir = None, json: options.AsJson = False) -> None:
    """List the terminals and the EAs compiled in them."""
    output = Output(as_json=json)
    with reporting(output):
        from edgerunner.cli import api_access, ea

        ea.terminals(output, api_access.Api.of(url, data_dir))


@ea_app.command("list")
def list_experts(*, url: options.Url = None, data_dir: options.DataDir = None, json: options.AsJson = False) -> None:
    """List the EAs that the API launched."""
    output = Output(as_json=json)
    with reporting(output):
        from edgerunner.cli import api_access, ea

        ea.list_experts(output, api_access.Api.of(url, data_dir))


@ea_app.command()
def launch(
    expert: ExpertName,
    symbol: SymbolName,
    *,
    terminal: TerminalName = SIMULATED,
    period: Period = "H1",
    input_: Inputs = None,
    chart: Annotated[str, typer.Option("--chart", help="new; MT5 cannot take an EA onto a running one.")] = "new",
    allow_trading: Annotated[
        bool, typer.Option("--allow-trading", help="Let the EA trade, past our risk checks and journal.")
    ] = False,
    hello_timeout: Annotated[int, typer.Option("--hello-timeout", min=1, max=120, help="Seconds.")] = 60,
    url: options.Url = None,
    data_dir: options.DataDir = None,
    json: options.AsJson = False,
) -> None:
    """Start a terminal with an EA and wait for its hello; exit code 4 when it did not say it."""
    output = Output(as_json=json)
    with reporting(output):
        from edgerunner.cli import api_access, ea

        request = {
            "terminal": terminal,
            "expert": expert,
            "symbol": symbol,
            "period": period,
            "inputs": ea.inputs_of(input_ or []),
            "chart": chart,
            "allow_trading": allow_trading,
        }
        ea.launch(output, api_access.Api.of(url, data_dir), request, hello_timeout_s=hello_timeout)


@ea_app.command()
def message(
    expert_id: ExpertId,
    name: Annotated[str, typer.Argument(help="Such as ping, account, positions.")],
    *,
    arg: Annotated[list[str] | None, typer.Option("--arg", help="NAME=VALUE; may be given often.")] = None,
    timeout: Annotated[int, typer.Option("--timeout", min=1, max=60, help="Seconds.")] = 10,
    url: options.Url = None,
    data_dir: options.DataDir = None,
    json: options.AsJson = False,
) -> None:
    """Send a command to an EA that is connected and print its answer."""
    output = Output(as_json=json)
    with reporting(output):
        from edgerunner.cli import api_access, ea

        args = ea.inputs_of(arg or [])
        ea.message(output, api_access.Api.of(url, data_dir), expert_id, name, args=args, timeout_s=timeout)


@ea_app.command()
def stop(
    expert_id: ExpertId,
    *,
    url: options.Url = None,
    data_dir: options.DataDir = None,
    json: options.AsJson = False,
) -> None:
    """End an EA with its terminal."""
    output = Output(as_json=json)
    with reporting(output):
        from edgerunner.cli import api_access, ea

        ea.stop(output, api_access.Api.of(url, data_dir), expert_id)


@ea_app.command()
def backtest(
    expert: ExpertName,
    symbol: SymbolName,
    *,
    start: Annotated[str, typer.Option("--from", help="First day, such as 2026-09-01.")],
    end: Annotated[str, typer.Option("--to", help="Last day.")],
    terminal: TerminalName = SIMULATED,
    period: Period = "H1",
    input_: Inputs = None,
    ranges: Annotated[
        list[str] | None, typer.Option("--range", help="NAME=START:STEP:STOP, tried by an optimisation.")
    ] = None,
    optimization: Annotated[str, typer.Option("--optimization", help="off, complete, genetic, all_symbols.")] = "off",
    model: Annotated[
        str, typer.Option("--model", help="every_tick, m1_ohlc, open_prices, math, real_ticks.")
    ] = "every_tick",
    deposit: Annotated[str, typer.Option("--deposit", help="Money at the start.")] = "10000",
    timeout: Annotated[int, typer.Option("--timeout", min=1, max=86_400, help="Seconds.")] = 3600,
    url: options.Url = None,
    data_dir: options.DataDir = None,
    json: options.AsJson = False,
) -> None:
    """Run the Strategy Tester and print its report; exit code 1 when there is none."""
    output = Output(as_json=json)
    with reporting(output):
        from edgerunner.cli import api_access, ea

        request = {
            "terminal": terminal,
            "expert": expert,
            "symbol": symbol,
            "period": period,
            "from_date": start,
            "to_date": end,
            "inputs": ea.inputs_of(input_ or []),
            "ranges": ea.ranges_of(ranges or []) or None,
            "optimization": optimization,
            "model": model,
            "deposit": deposit,
            "timeout_s": timeout,
        }
        ea.backtest(output, api_access.Api.of(url, data_dir), request)

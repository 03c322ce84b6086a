"""What ``edgerunner ea`` does: one call of the API, its answer printed, an exit code that tells."""

import asyncio
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from edgerunner.cli.api_access import Api
from edgerunner.cli.output import CommandFailed, ExitCode, Output
from edgerunner.client import EdgerunnerClient
from edgerunner.client.expert_types import Expert, ExpertRun, JournalLine

_POLL_S: Final = 0.5
_WHOLE: Final = re.compile(r"-?\d{1,18}", re.ASCII)
_LINES_SHOWN: Final = 12
_SHOWN_METRICS: Final = (
    *("net_profit", "profit_factor", "expected_payoff", "equity_drawdown_maximal", "equity_drawdown_maximal_percent"),
    *("sharpe_ratio", "total_trades", "bars"),
)


def inputs_of(words: Sequence[str]) -> dict[str, bool | int | str]:
    """Return ``NAME=VALUE`` words as inputs. Raises ``CommandFailed``."""
    return {name: _value(text) for name, text in _pairs(words)}


def ranges_of(words: Sequence[str]) -> dict[str, dict[str, str]]:
    """Return ``NAME=START:STEP:STOP`` words as ranges. Raises ``CommandFailed``."""
    found = {}
    for name, text in _pairs(words):
        parts = text.split(":")
        if len(parts) != 3:
            raise CommandFailed(ExitCode.USAGE, f"--range {name}={text}: give NAME=START:STEP:STOP.")
        found[name] = dict(zip(("start", "step", "stop"), parts, strict=True))
    return found


def _pairs(words: Sequence[str]) -> Iterator[tuple[str, str]]:
    for word in words:
        name, equals, text = word.partition("=")
        if not equals or not name:
            raise CommandFailed(ExitCode.USAGE, f"{word!r} is no NAME=VALUE.")
        yield name, text


def _value(text: str) -> bool | int | str:
    if text in {"true", "false"}:
        return text == "true"
    if len(text) > 1 and text.startswith('"') and text.endswith('"'):
        return text[1:-1]
    return int(text) if _WHOLE.fullmatch(text) else text


def terminals(output: Output, api: Api) -> None:
    """Print the terminals."""
    found = api.call(lambda client: client.experts.terminals())
    for terminal in found:
        output.event(event="terminal", **terminal)
        state = "runs" if terminal["is_running"] else "does not run"
        output.say(f"{terminal['name']} ({terminal['environment']}, {state}): {', '.join(terminal['experts'])}")
    if not found:
        output.say("There is no terminal: set EDGERUNNER_MT5_TERMINALS, or start `edgerunner up`.")


def list_experts(output: Output, api: Api) -> None:
    """Print the launches."""
    for expert in api.call(lambda client: client.experts.all()):
        _show(output, expert)


def launch(output: Output, api: Api, request: Mapping[str, object], *, hello_timeout_s: int) -> None:
    """Launch an EA and print it."""
    expert = api.call(lambda client: client.experts.launch(request, hello_timeout_s=hello_timeout_s))
    _show(output, expert)
    if expert["state"] == "started":
        return
    _journal(output, expert["journal"])
    why = "its terminal ended" if expert["state"] == "exited" else f"it said no hello within {hello_timeout_s} s"
    raise CommandFailed(ExitCode.REFUSED, f"{expert['expert']} is not known to run: {why}.")


def message(output: Output, api: Api, expert_id: str, name: str, *, args: Mapping[str, object], timeout_s: int) -> None:
    """Send a command and print the answer."""
    result = api.call(lambda client: client.experts.message(expert_id, name, args, timeout_s=timeout_s))
    output.event(event="answer", expert_id=expert_id, result=result)
    output.say(json.dumps(result, indent=2, ensure_ascii=False))


def stop(output: Output, api: Api, expert_id: str) -> None:
    """End an EA and print it."""
    _show(output, api.call(lambda client: client.experts.stop(expert_id)))


def backtest(output: Output, api: Api, request: Mapping[str, object]) -> None:
    """Run the Strategy Tester, wait, and print its report; Ctrl-C ends the run."""
    run = api.call(lambda client: _to_the_end(client, request))
    output.event(event="run", **run)
    for warning in run["warnings"]:
        output.say(f"Warning: {warning}")
    if run["report"] is not None:
        _report(output, run)
    for one in run["passes"]:
        output.say("  ".join(f"{name} {value}" for name, value in one.items()))
    if run["state"] != "completed":
        _journal(output, run["journal"])
        reason = run["error"]["detail"] if run["error"] is not None else f"the run is {run['state']}"
        raise CommandFailed(ExitCode.FAILED, f"There is no report: {reason}.")


async def _to_the_end(client: EdgerunnerClient, request: Mapping[str, object]) -> ExpertRun:
    run = await client.experts.backtest(request)
    try:
        while run["state"] == "running":
            await asyncio.sleep(_POLL_S)
            run = await client.experts.run(run["run_id"])
    except asyncio.CancelledError:
        await client.experts.cancel_run(run["run_id"])
        raise
    return run


def _report(output: Output, run: ExpertRun) -> None:
    report = run["report"]
    assert report is not None  # noqa: S101 - the caller has looked
    output.say(f"{run['expert']} on {run['symbol']}, {report['settings'].get('period', run['period'])}")
    for name in _SHOWN_METRICS:
        if name in report["metrics"]:
            output.say(f"  {name.replace('_', ' ')}: {report['metrics'][name]}")
    output.say(f"  deals: {len(report['deals'])}")


def _show(output: Output, expert: Expert) -> None:
    output.event(event="expert", **expert)
    link = "connected" if expert["connected"] else "not connected"
    where = "attached by hand" if expert["terminal"] is None else f"in {expert['terminal']}"
    process = "" if expert["process_id"] is None else f", process {expert['process_id']}"
    chart = f"{expert['expert']} on {expert['symbol']} {expert['period'] or ''}".rstrip()
    output.say(f"{expert['expert_id']}  {chart} {where}: {expert['state']}, {link}{process}")


def _journal(output: Output, lines: Sequence[JournalLine]) -> None:
    for line in lines[-_LINES_SHOWN:]:
        output.say(f"  {line['time']} {line['source']}: {line['text']}")

"""``edgerunner watch``: the book and chosen quotes, live from the stream."""

import asyncio
from collections.abc import Callable
from contextlib import aclosing
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from rich.console import Console, RenderableType
from rich.live import Live

from edgerunner.cli.api_access import Api
from edgerunner.cli.output import CommandFailed, ExitCode, Output
from edgerunner.cli.stopping import first_of, stop_requested
from edgerunner.cli.watch_board import Board
from edgerunner.cli.watch_view import draw
from edgerunner.client import EdgerunnerClient, LinkChange, Stream, StreamMessage, SubscriptionRefused

_REDRAW_S: Final = 0.25
_ONCE_TIMEOUT_S: Final = 10
_EVENT_NAMES: Final = {StreamMessage: "message", LinkChange: "link", SubscriptionRefused: "refused"}
_PIPE_COLUMNS: Final = 160
"""Width of a picture that goes into a file or pipe."""


def run_watch(
    output: Output, instruments: tuple[str, ...], *, once: bool, url: str | None, data_dir: Path | None
) -> None:
    """Show the book until Ctrl-C, or one picture."""
    asyncio.run(_watch(output, Api.of(url, data_dir), instruments, once=once))


async def _watch(output: Output, api: Api, instruments: tuple[str, ...], *, once: bool) -> None:
    console = Console()
    if not console.is_terminal:
        console = Console(width=_PIPE_COLUMNS)
    with stop_requested() as stop:
        async with api.client() as client, client.stream() as stream:
            board = Board(await _quote_channels(client, instruments))
            await stream.subscribe(*board.channels)
            if once:
                await first_of(_complete(output, stream, board), stop.wait())
            elif output.as_json:
                await first_of(_follow(output, stream, board), stop.wait())
            else:
                follow = _follow(output, stream, board)
                await first_of(follow, stop.wait(), _show(console, lambda: draw(board, api.url, _now())))
    if once and not output.as_json:
        console.print(draw(board, api.url, _now()))


async def _quote_channels(client: EdgerunnerClient, instruments: tuple[str, ...]) -> tuple[str, ...]:
    """Return the channels of the named instruments; a name without connection means the first connection."""
    connections = [connection["connection_id"] for connection in await client.connections.all()]
    if instruments and not connections:
        raise CommandFailed(ExitCode.REFUSED, "There is no connection to quote from: connect a broker first.")
    return tuple(f"quotes:{name if ':' in name else f'{connections[0]}:{name}'}" for name in instruments)


async def _follow(output: Output, stream: Stream, board: Board, *, until_complete: bool = False) -> None:
    async with aclosing(stream.events()) as events:
        async for event in events:
            board.apply(event)
            output.event(event=_EVENT_NAMES[type(event)], **asdict(event))
            if until_complete and board.is_complete:
                return


async def _complete(output: Output, stream: Stream, board: Board) -> None:
    """Read until every channel has shown its state; a market that does not quote is not waited for long."""
    try:
        async with asyncio.timeout(_ONCE_TIMEOUT_S):
            await _follow(output, stream, board, until_complete=True)
    except TimeoutError:
        if not board.has_book:
            raise CommandFailed(
                ExitCode.UNREACHABLE, f"The stream showed nothing within {_ONCE_TIMEOUT_S} s: {board.trouble}."
            ) from None


async def _show(console: Console, picture: Callable[[], RenderableType]) -> None:
    with Live(picture(), console=console, auto_refresh=False, screen=console.is_terminal) as live:
        while True:
            await asyncio.sleep(_REDRAW_S)
            live.update(picture(), refresh=True)


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")

"""Launching: one EA in a terminal of its own, known to run when it has said hello on the EA link."""

import asyncio
import contextlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from edgerunner.adapters.mt5.experts.files import encode_ini, encode_preset, launch_sections
from edgerunner.adapters.mt5.experts.inputs import preset_lines, read_inputs
from edgerunner.adapters.mt5.experts.link import LINK_INPUTS, ExpertLink, HelloMessage
from edgerunner.adapters.mt5.experts.process import TerminalProcess
from edgerunner.adapters.mt5.experts.terminal import (
    ExpertTerminal,
    JournalTail,
    require_expert,
    require_startable,
    source_of,
)
from edgerunner.domain.errors import InvalidRequest, LiveNotAllowed
from edgerunner.domain.experts import ChartPeriod, ExpertView, Hello, InputSpec, InputValue, LaunchRequest, LaunchState

_JOURNAL_LINES_SHOWN = 60


@dataclass(slots=True, kw_only=True)
class LaunchedExpert:
    """A launch and the terminal it owns."""

    expert_id: str
    request: LaunchRequest
    process: TerminalProcess
    tail: JournalTail
    started_at_ns: int
    hello: Hello | None = None
    is_stopped: bool = field(default=False)

    @property
    def state(self) -> LaunchState:
        """Return what became of it as of now."""
        if self.is_stopped:
            return LaunchState.STOPPED
        if self.process.exit_code is not None:
            return LaunchState.EXITED
        return LaunchState.STARTED if self.hello is not None else LaunchState.NO_HELLO

    async def view(self, link: ExpertLink) -> ExpertView:
        """Return it with its terminal's newest journal lines."""
        lines = await asyncio.to_thread(self.tail.lines)
        return ExpertView(
            expert_id=self.expert_id,
            terminal=self.request.terminal,
            expert=self.request.expert,
            symbol=self.request.symbol,
            period=self.request.period,
            state=self.state,
            connected=link.is_connected(self.expert_id),
            process_id=self.process.process_id,
            exit_code=self.process.exit_code,
            hello=self.hello,
            started_at_ns=self.started_at_ns,
            journal=lines[-_JOURNAL_LINES_SHOWN:],
        )


def inputs_of(compiled: Path, schema: tuple[InputSpec, ...] | None, values: Mapping[str, object]) -> list[InputSpec]:
    """Return what the EA's inputs are: as the caller says, else as its source says.

    Raises ``InvalidRequest`` when values are given and neither knows them: MT5 ignores an unknown input silently.
    """
    if schema is not None:
        return list(schema)
    source = source_of(compiled)
    if source is None and values:
        raise InvalidRequest.of(
            "schema", "missing", f"{compiled.stem}.mq5 is not beside the .ex5, so say what its inputs are"
        )
    return list(read_inputs(source)) if source is not None else []


async def launch(
    terminal: ExpertTerminal, request: LaunchRequest, *, expert_id: str, link: ExpertLink, started_at_ns: int
) -> LaunchedExpert:
    """Start the terminal and wait until the EA says hello, the terminal ends, or the time is up.

    Raises ``NotFound``, ``InvalidRequest``, ``Conflict``, ``BrokerUnreachable`` before anything runs, and
    ``LiveNotAllowed`` after it was ended again: when the EA says that it runs on an account it must not.
    """
    compiled = await asyncio.to_thread(_check, terminal, request)
    token = link.expect(expert_id)
    preset: Path | None = None
    try:
        preset, ini = await asyncio.to_thread(_write, terminal, request, compiled, _filled(link, expert_id, token))
        tail = await asyncio.to_thread(JournalTail, terminal.folder)
        process = await TerminalProcess.start(terminal.command(ini), terminal.folder)
    except BaseException:
        link.forget(expert_id)
        _remove(preset)
        raise
    expert = LaunchedExpert(
        expert_id=expert_id, request=request, process=process, tail=tail, started_at_ns=started_at_ns
    )
    try:
        message = await _hello_or_exit(link, expert_id, process, request.hello_timeout_s)
        expert.hello = hello_of(message) if message is not None else None
        if expert.hello is not None:
            _require_account(terminal, expert.hello)
    except BaseException:
        link.forget(expert_id)
        await process.stop()
        raise
    finally:
        _remove(preset)  # it holds the token
    return expert


def _check(terminal: ExpertTerminal, request: LaunchRequest) -> Path:
    compiled = require_expert(terminal, request.expert)
    require_startable(terminal)
    return compiled


def _filled(link: ExpertLink, session: str, token: str) -> dict[str, InputValue]:
    parts: dict[str, InputValue] = {"host": link.host, "port": link.port, "token": token, "session": session}
    return {name: parts[part] for name, part in LINK_INPUTS.items()}


def _write(
    terminal: ExpertTerminal, request: LaunchRequest, compiled: Path, filled: Mapping[str, InputValue]
) -> tuple[Path | None, Path]:
    """Write the files and return preset and ini; nothing is written for a request that is wrong."""
    for name in LINK_INPUTS:
        if name in request.inputs:
            raise InvalidRequest.of(f"inputs.{name}", "reserved", "is filled in by Edgerunner")
    specs = inputs_of(compiled, request.schema, request.inputs)
    own = {spec.name for spec in specs}
    values = {**request.inputs, **{name: value for name, value in filled.items() if name in own}}
    lines = preset_lines(specs, values)
    session = str(filled["InpSession"])
    preset = terminal.folder / "MQL5" / "Presets" / f"{session}.set" if lines else None
    sections = launch_sections(request, preset=preset.name if preset else None, login=terminal.login)
    data = encode_ini(sections, terminal.ini_encoding)
    if preset is not None:
        write_private(preset, encode_preset(lines))
    ini = terminal.folder / "edgerunner" / f"{session}.ini"
    write_private(ini, data)
    return preset, ini


def write_private(path: Path, data: bytes) -> None:
    """Write a file that its owner alone may read."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o600)
    path.write_bytes(data)


def _remove(preset: Path | None) -> None:
    if preset is not None:
        preset.unlink(missing_ok=True)


async def _hello_or_exit(
    link: ExpertLink, session: str, process: TerminalProcess, timeout_s: float
) -> HelloMessage | None:
    """Return the hello; None when the process ended or the time is up first."""
    hello = asyncio.create_task(link.wait_hello(session, timeout_s))
    ended = asyncio.create_task(process.wait())
    try:
        await asyncio.wait({hello, ended}, return_when=asyncio.FIRST_COMPLETED)
        return await hello if hello.done() else None
    finally:
        for task in (hello, ended):
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task


def attached_view(session: str, message: HelloMessage) -> ExpertView:
    """Return an EA that somebody attached by hand, as far as it said."""
    name = message.period.removeprefix("PERIOD_")
    return ExpertView(
        expert_id=session,
        terminal=None,
        expert=message.expert,
        symbol=message.symbol,
        period=ChartPeriod.__members__.get(name),
        state=LaunchState.ATTACHED,
        connected=True,
        process_id=None,
        exit_code=None,
        hello=hello_of(message),
        started_at_ns=None,
        journal=(),
    )


def hello_of(message: HelloMessage) -> Hello:
    """Return what an EA said of itself."""
    return Hello(
        expert=message.expert,
        version=message.version,
        login=message.login,
        server=message.server,
        symbol=message.symbol,
        period=message.period,
        build=message.build,
        is_demo=message.demo,
        may_trade=message.trade,
    )


def _require_account(terminal: ExpertTerminal, hello: Hello) -> None:
    if terminal.login is not None and hello.login != terminal.login:
        raise LiveNotAllowed(
            f"The terminal {terminal.name!r} is logged on to {hello.login}, not {terminal.login}: it was ended. "
            "MT5 sometimes prefers the account used last to the ini's: log on by hand once."
        )
    if terminal.environment != "live" and hello.is_demo is False:
        raise LiveNotAllowed(
            f"The terminal {terminal.name!r} is declared {terminal.environment}, "
            f"but logged on to the real account {hello.login}: it was ended."
        )

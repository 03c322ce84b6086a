"""What a connected module and the terminal say to each other: `initialize` first, then one call after the other."""

from collections.abc import Mapping
from typing import Any, Final

from edgerunner.mt5_surface import constants
from edgerunner.mt5_surface.errors import LastError
from edgerunner.simulators.faults import FaultBox
from edgerunner.simulators.mt5.channel import Channel
from edgerunner.simulators.mt5.ipc import Frame, FrameError, encode_value
from edgerunner.simulators.mt5.settings import BROKER, Mt5Settings
from edgerunner.simulators.mt5.terminal import definitions
from edgerunner.simulators.mt5.terminal.calls import call_of
from edgerunner.simulators.mt5.terminal.failures import refused
from edgerunner.simulators.mt5.terminal.terminal import Terminal
from edgerunner.simulators.mt5.terminal.terminals import Terminals
from edgerunner.simulators.mt5.terminal.turnstile import Turnstile, Visit

INITIALIZE: Final = "initialize"
START_S: Final = 10.0


class Conversation:
    """One connection from its first request to its end."""

    def __init__(
        self, channel: Channel, terminals: Terminals, turnstile: Turnstile, *, faults: FaultBox, settings: Mt5Settings
    ) -> None:
        self._channel = channel
        self._terminals = terminals
        self._turnstile = turnstile
        self._faults = faults
        self._settings = settings
        self._terminal: Terminal | None = None

    async def run(self) -> None:
        """Answer requests until the connection ends; raises ``FrameError`` and ``TimeoutError``."""
        frame = await self._channel.receive(START_S)
        while frame is not None:
            await self._conduct(frame.message)
            frame = await self._channel.receive()

    async def _conduct(self, message: Mapping[str, Any]) -> None:
        match message:
            case {"id": int(number), "call": str(name), "arguments": dict(arguments)}:
                pass
            case _:
                raise FrameError("a request without id, call or arguments")
        is_first = name == INITIALIZE
        if not is_first and (self._terminal is None or not self._terminal.knows(name)):
            raise FrameError(f"{name} is called before initialize, or by no module of ours")

        async def act() -> object:
            if self._terminal is None or is_first:
                return self._start(arguments)
            return await self._terminal.answer(name, arguments)

        visit = Visit(peer=_Asker(self._channel, number), call=call_of(name, arguments), act=act)
        await self._turnstile.conduct(visit)

    def _start(self, arguments: Mapping[str, Any]) -> tuple[int, float]:
        """Find the terminal, log in when asked to, and tell the terms; raises ``CallRefused``."""
        if self._faults.take(BROKER, definitions.OLD_VERSION) is not None:
            raise refused(constants.RES_E_INVALID_VERSION)
        terminal = self._terminals.find(arguments.get("path"))
        terminal.accounts.log_in(arguments.get("login"), arguments.get("password"), arguments.get("server"))
        self._terminal = terminal
        return self._settings.comment_limit, self._settings.call_timeout_s


class _Asker:
    """The sender of one request."""

    def __init__(self, channel: Channel, number: int) -> None:
        self._channel = channel
        self._number = number

    async def answer(self, error: LastError, value: object) -> None:
        encoded, array = encode_value(value)
        await self._channel.send(Frame({"id": self._number, "error": error, "value": encoded}, array))

    async def close(self) -> None:
        await self._channel.close()

    def reset(self) -> None:
        self._channel.reset()

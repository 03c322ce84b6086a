"""What launching needs of the EA link, which lives beside the bridge."""

from collections.abc import Mapping
from typing import Protocol

LINK_INPUTS = {"InpBridgeHost": "host", "InpBridgePort": "port", "InpBridgeToken": "token", "InpSession": "session"}
"""Inputs that tell an EA where the link is; an EA that has them gets them filled in, and nobody else may set them."""


class HelloMessage(Protocol):
    """An EA's first message."""

    @property
    def session(self) -> str:
        """The launch it belongs to; empty = attached by hand."""
        ...

    @property
    def expert(self) -> str:
        """Its name."""
        ...

    @property
    def version(self) -> str:
        """Its version."""
        ...

    @property
    def build(self) -> int:
        """The terminal's build."""
        ...

    @property
    def login(self) -> int:
        """The account it runs on."""
        ...

    @property
    def server(self) -> str:
        """The account's server."""
        ...

    @property
    def demo(self) -> bool:
        """Whether that account is no real one."""
        ...

    @property
    def trade(self) -> bool:
        """Whether the EA may trade."""
        ...

    @property
    def symbol(self) -> str:
        """Its chart's symbol."""
        ...

    @property
    def period(self) -> str:
        """Its chart's period."""
        ...


class ReplyMessage(Protocol):
    """An EA's answer to a command."""

    @property
    def ok(self) -> bool:
        """Whether it was done."""
        ...

    @property
    def result(self) -> dict[str, object]:
        """What came of it."""
        ...

    @property
    def error(self) -> str:
        """Why it was not done."""
        ...


class ExpertLink(Protocol):
    """The port to which EAs connect."""

    @property
    def host(self) -> str:
        """Where it listens."""
        ...

    @property
    def port(self) -> int:
        """Where it listens."""
        ...

    @property
    def sessions(self) -> Mapping[str, HelloMessage]:
        """The EAs that are connected, by session: launched ones and those attached by hand."""
        ...

    def expect(self, session: str, /) -> str:
        """Admit an EA that is about to be launched; returns its token."""
        ...

    def forget(self, session: str, /) -> None:
        """Admit it no longer, and end its session."""
        ...

    async def wait_hello(self, session: str, timeout_s: float, /) -> HelloMessage | None:
        """Return its hello; None = not in time."""
        ...

    def is_connected(self, session: str, /) -> bool:
        """Tell whether it is connected now."""
        ...

    async def command(
        self, session: str, name: str, args: Mapping[str, object], /, *, timeout_s: float
    ) -> ReplyMessage:
        """Send it a command.

        Raises ``PermissionError``, ``ConnectionError``, ``BlockingIOError``, ``TimeoutError``, or ``ValueError``.
        """
        ...

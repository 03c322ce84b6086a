"""Who is connected: one session per client that has started the API."""

from collections.abc import Callable, Iterator
from typing import Protocol


class Writer(Protocol):
    """Takes messages for a client."""

    def __call__(self, *messages: object) -> None:
        """Write messages without waiting."""


class Session:
    """One started connection. Whatever is set up for it alone ends with it: see ``on_end``."""

    def __init__(self, client_id: int, version: int, write: Writer) -> None:
        self.client_id = client_id
        self.version = version
        self._write = write
        self._endings: list[Callable[[], None]] = []
        self._has_ended = False
        self._is_stalled = False

    def send(self, *messages: object) -> None:
        """Write messages without waiting; nothing happens once the session has ended or is stalled."""
        if not self._has_ended and not self._is_stalled:
            self._write(*messages)

    def stall(self) -> None:
        """Lose everything that is sent from now on, while the connection stays open."""
        self._is_stalled = True

    def on_end(self, ending: Callable[[], None]) -> None:
        """Call ``ending`` when the connection is over."""
        self._endings.append(ending)

    def end(self) -> None:
        """End the session: its endings are called, the newest first."""
        self._has_ended = True
        while self._endings:
            self._endings.pop()()


class Sessions:
    """The sessions of a gateway by client id."""

    def __init__(self) -> None:
        self._by_id: dict[int, Session] = {}

    def add(self, session: Session) -> bool:
        """Register a session; False when its client id is in use."""
        if session.client_id in self._by_id:
            return False
        self._by_id[session.client_id] = session
        return True

    def remove(self, session: Session) -> None:
        """End a registered session and free its client id."""
        del self._by_id[session.client_id]
        session.end()

    def get(self, client_id: int) -> Session | None:
        """Return the session of a client id, None when it is not connected."""
        return self._by_id.get(client_id)

    def __iter__(self) -> Iterator[Session]:
        return iter(tuple(self._by_id.values()))

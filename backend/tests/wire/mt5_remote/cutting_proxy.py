"""A TCP relay that loses requests and answers: it closes the connection instead of passing them on."""

import select
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from enum import Enum, auto

POLL_S = 0.05


class Cut(Enum):
    NOTHING = auto()
    REQUEST = auto()
    ANSWER = auto()


class CuttingProxy:
    """Asks ``decide`` once per exchange whether to lose something of it."""

    def __init__(self, target_port: int, decide: Callable[[], Cut]) -> None:
        self._target = ("127.0.0.1", target_port)
        self._decide = decide
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._ended = threading.Event()
        self._threads = [threading.Thread(target=self._accept)]
        self.port = int(self._listener.getsockname()[1])
        self._threads[0].start()

    def close(self) -> None:
        self._ended.set()
        for thread in list(self._threads):
            thread.join(10)
            assert not thread.is_alive()
        self._listener.close()

    def _accept(self) -> None:
        while not self._ended.is_set():
            if not select.select([self._listener], [], [], POLL_S)[0]:
                continue
            client, _ = self._listener.accept()
            thread = threading.Thread(target=self._relay, args=(client,))
            self._threads.append(thread)
            thread.start()

    def _relay(self, client: socket.socket) -> None:
        with closing(client), closing(socket.create_connection(self._target)) as server, suppress(OSError):
            cut = Cut.NOTHING
            while not self._ended.is_set():
                readable, _, _ = select.select([client, server], [], [], POLL_S)
                for source in readable:
                    chunk = source.recv(1 << 20)
                    if source is client:
                        cut = self._decide()
                    if not chunk or cut is (Cut.REQUEST if source is client else Cut.ANSWER):
                        return
                    (server if source is client else client).sendall(chunk)


@contextmanager
def cutting(target_port: int, decide: Callable[[], Cut]) -> Iterator[str]:
    """Relay to a port and give the address to use instead."""
    proxy = CuttingProxy(target_port, decide)
    try:
        yield f"http://127.0.0.1:{proxy.port}"
    finally:
        proxy.close()

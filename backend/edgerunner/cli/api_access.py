"""Where a command finds the running API, and the key to it."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from edgerunner.cli.output import CommandFailed, ExitCode
from edgerunner.client import EdgerunnerClient
from edgerunner.settings import Settings, load_settings, read_api_key

Answer = TypeVar("Answer")


def api_url(settings: Settings) -> str:
    """Return the address at which this machine reaches the API of these settings."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(settings.host, settings.host)  # noqa: S104 - compared, not bound
    return f"http://{f'[{host}]' if ':' in host else host}:{settings.port}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Api:
    """Where the API is and the key to it."""

    url: str
    key: str = field(repr=False)

    @classmethod
    def of(cls, url: str | None, data_dir: Path | None) -> "Api":
        """Return the API of a command's options. Raises ``SettingsError``, ``DataFolderError``."""
        settings = load_settings(data_dir=data_dir)
        return cls(url=url or api_url(settings), key=read_api_key(settings).get_secret_value())

    def client(self) -> EdgerunnerClient:
        """Return a client, to be used as ``async with``."""
        return EdgerunnerClient(self.url, self.key)

    def call(self, action: Callable[[EdgerunnerClient], Awaitable[Answer]]) -> Answer:
        """Run one action with a client of its own and wait for its answer.

        Raises what the client raises, and ``CommandFailed`` when somebody interrupts the waiting.
        """

        async def run() -> Answer:
            async with self.client() as client:
                return await action(client)

        try:
            return asyncio.run(run())
        except KeyboardInterrupt:
            raise CommandFailed(
                ExitCode.FAILED,
                "Interrupted. What was sent may have been carried out: see `edgerunner trade orders --status all`.",
            ) from None

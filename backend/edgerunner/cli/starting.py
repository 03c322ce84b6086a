"""What ``up``, ``serve`` and ``sim`` do alike before they start: settings, data folder, logs, event loop."""

import asyncio
import sqlite3
import sys
from collections.abc import Coroutine, Iterator
from contextlib import closing, contextmanager
from typing import Any, Final

import structlog

from edgerunner.cli.output import CommandFailed, ExitCode, Output
from edgerunner.logs import configure_logs, remember_secret
from edgerunner.settings import PREFIX, Settings, ensure_api_key, load_settings, prepare_data_folder
from edgerunner.storage.restore import complete_restore

_log = structlog.get_logger(__name__)

_SWITCH_INTERVAL_S: Final = 0.0005


def prepare_folder(output: Output, **overrides: object) -> Settings:
    """Return the checked settings, with the logs set up and the data folder made.

    Raises ``SettingsError``, ``DataFolderError``.
    """
    settings = load_settings(**overrides)
    configure_logs(settings.log_level, as_json=output.as_json or settings.log_format == "json")
    prepare_data_folder(settings)
    return settings


def prepare(output: Output, **overrides: object) -> Settings:
    """Do what ``prepare_folder`` does, and make the API key."""
    settings = prepare_folder(output, **overrides)
    remember_secret(ensure_api_key(settings).get_secret_value())
    for url in (settings.database_url, settings.redis_url):
        if url is not None:
            remember_secret(url.get_secret_value())
    return settings


@contextmanager
def sole_owner(settings: Settings) -> Iterator[None]:
    """Keep other Edgerunner processes off the data folder inside the block.

    The lock is SQLite's: it works on every system and ends with the process, however that ends.
    A restore that was cut off is finished, or thrown away, before the block begins.
    Raises ``CommandFailed`` when another process holds it.
    """
    with closing(sqlite3.connect(settings.data_dir / "lock", isolation_level=None, timeout=0)) as lock:
        try:
            lock.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError as error:
            raise CommandFailed(
                ExitCode.FAILED,
                f"Another Edgerunner works in the data folder {settings.data_dir}: "
                f"stop it, or set {PREFIX}DATA_DIR to another folder, or {PREFIX}OWNER_URL to its address "
                "to run `edgerunner serve` as its replica.",
            ) from error
        if complete_restore(settings.data_dir):
            _log.warning("restore_completed", data_dir=str(settings.data_dir))
        yield


def warn(settings: Settings) -> None:
    """Log what the settings make dangerous or do not do."""
    if not settings.is_loopback:
        _log.warning(
            "not_loopback",
            host=settings.host,
            advice="Everyone who reaches this address and has the API key can trade; the key travels unencrypted. "
            f"Put a TLS proxy in front, or set {PREFIX}HOST to 127.0.0.1.",
        )
    if settings.allow_live:
        _log.warning("live_trading_allowed", advice="Connections to live accounts trade with real money.")


def run_loop(main: Coroutine[Any, Any, None]) -> None:
    """Run ``main`` on uvloop where it is installed (it is not for Windows), else on asyncio's own loop.

    The journal's thread takes the interpreter lock back after each SQLite call; with Python's own
    5 ms a busy loop made its commits wait eight times longer.
    """
    sys.setswitchinterval(_SWITCH_INTERVAL_S)
    with asyncio.Runner(loop_factory=_new_loop) as runner:
        runner.run(main)


def _new_loop() -> asyncio.AbstractEventLoop:
    try:
        from uvloop import new_event_loop
    except ImportError:
        return asyncio.new_event_loop()
    return new_event_loop()

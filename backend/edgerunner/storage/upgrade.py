"""Bringing a database file to the newest schema with Alembic; imported only when there is work."""

import threading
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Engine

from edgerunner.storage.database import IMMEDIATE

_ALEMBIC = threading.Lock()
"""Alembic keeps the running migration in globals: two files of one process take turns."""

_SCRIPTS = Path(__file__).parent / "migrations"


def alembic_config() -> Config:
    """Return Alembic's configuration for the packaged migrations, wherever they are installed."""
    config = Config()
    config.set_main_option("script_location", str(_SCRIPTS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


def is_known(revision: str) -> bool:
    """Tell whether this version has the migration that made ``revision``."""
    try:
        return ScriptDirectory.from_config(alembic_config()).get_revision(revision) is not None
    except CommandError:
        return False


def upgrade(engine: Engine) -> None:
    """Run every missing migration in one transaction: a crash leaves the file as it was.

    The transaction takes the write lock first, so of two processes the second finds the work done.
    """
    config = alembic_config()
    with (
        _ALEMBIC,
        engine.connect().execution_options(**{IMMEDIATE: True}) as connection,
        connection.begin(),
    ):
        config.attributes["connection"] = connection
        command.upgrade(config, "head")

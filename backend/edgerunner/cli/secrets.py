"""What ``edgerunner secrets`` does: on the data folder, without a running API."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from edgerunner.bootstrap import keys_of
from edgerunner.cli.output import CommandFailed, ExitCode, Output
from edgerunner.cli.starting import prepare_folder, sole_owner
from edgerunner.domain.errors import EdgerunnerError
from edgerunner.settings import Settings
from edgerunner.storage.database import Database
from edgerunner.storage.secret_rotation import RotationStep, SecretsStatus, rotate, status_of

_DONE = {
    RotationStep.KEY_ADDED: "The new key stands before the old one.",
    RotationStep.SECRETS_RENEWED: "Every stored secret is under the new key.",
    RotationStep.OLD_KEYS_DROPPED: "No stored secret needs an old key any more.",
}


def run_status(output: Output, *, data_dir: Path | None) -> None:
    """Print what stands under which key. Raises ``CommandFailed``."""
    settings = prepare_folder(output, data_dir=data_dir)
    with _failing(), _database(settings) as database:
        found = status_of(database, keys_of(settings))
    _tell(output, found)
    if found.unreadable:
        raise CommandFailed(
            ExitCode.FAILED,
            f"{len(found.unreadable)} stored secrets open with none of the keys: restore the key that they were "
            "stored with, or delete what they belong to.",
        )


def run_rotate(output: Output, *, data_dir: Path | None) -> None:
    """Change the key and say each step. Raises ``CommandFailed``: another process works in the folder, among others."""
    settings = prepare_folder(output, data_dir=data_dir)

    def tell(step: RotationStep) -> None:
        output.event(event=step.value)
        output.say(_DONE[step])

    with sole_owner(settings), _failing(), _database(settings) as database:
        rotate(database, keys_of(settings), on_step=tell)
        found = status_of(database, keys_of(settings))
    _tell(output, found)


def _tell(output: Output, found: SecretsStatus) -> None:
    output.event(
        event="secrets",
        place=found.place,
        keys=found.keys,
        stored=found.stored,
        under_first_key=found.under_first_key,
        unreadable=list(found.unreadable),
    )
    output.say(
        f"Keys: {found.keys} in {found.place}. Stored secrets: {found.stored}, "
        f"{found.under_first_key} of them under the first key."
    )
    for name in found.unreadable:
        output.say(f"  cannot be opened: {name}")


@contextmanager
def _database(settings: Settings) -> Iterator[Database]:
    address = settings.database_url.get_secret_value() if settings.database_url else None
    database = Database.open(settings.data_dir, address)
    try:
        yield database
    finally:
        database.close()


@contextmanager
def _failing() -> Iterator[None]:
    try:
        yield
    except EdgerunnerError as error:
        raise CommandFailed(ExitCode.FAILED, f"{error.detail}.") from error

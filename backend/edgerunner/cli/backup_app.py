"""``edgerunner backup FILE``, ``edgerunner backup verify FILE``, ``edgerunner restore FILE``: the words alone."""

from pathlib import Path
from typing import Annotated, Final

import typer
from typer.core import TyperGroup

from edgerunner.cli import options
from edgerunner.cli.output import Output, reporting

_CREATE: Final = "create"


class _CreatesByDefault(TyperGroup):
    """A first word that is no command is the file of a new backup."""

    def parse_args(self, ctx, args: list[str]) -> list[str]:  # type: ignore[no-untyped-def] # noqa: ANN001 - click's own
        """Put the command in front that was left out."""
        is_left_out = bool(args) and args[0] not in self.commands and args[0] != "--help"
        return super().parse_args(ctx, [_CREATE, *args] if is_left_out else args)


backup_app = typer.Typer(
    name="backup",
    cls=_CreatesByDefault,
    help="Back up the data folder, also while Edgerunner runs; `backup FILE` is `backup create FILE`.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
Archive = Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=True, help="A backup.")]


@backup_app.command(_CREATE)
def create(
    archive: Annotated[Path, typer.Argument(help="File to write; it must not exist.")],
    *,
    with_keys: Annotated[
        bool,
        typer.Option("--with-keys", help="Include API key and master key: whoever has the file can trade."),
    ] = False,
    with_data: Annotated[
        bool, typer.Option("--with-data", help="Include datasets, backtest results and simulated brokers.")
    ] = False,
    data_dir: options.DataDir = None,
    json: options.AsJson = False,
) -> None:
    """Write a backup."""
    output = Output(as_json=json)
    with reporting(output):
        from edgerunner.cli.backup import run_backup

        run_backup(output, archive, with_keys=with_keys, with_data=with_data, data_dir=data_dir)


@backup_app.command()
def verify(archive: Archive, *, json: options.AsJson = False) -> None:
    """Prove that a backup is whole: hashes, databases, and the journal's replay."""
    output = Output(as_json=json)
    with reporting(output):
        from edgerunner.cli.backup import run_verify

        run_verify(output, archive)


def restore(
    archive: Archive,
    *,
    force: Annotated[
        bool, typer.Option("--force", help="Replace what is in the data folder; it is kept beside.")
    ] = False,
    data_dir: options.DataDir = None,
    json: options.AsJson = False,
) -> None:
    """Put a backup into the data folder, all of it or nothing; stop Edgerunner before."""
    output = Output(as_json=json)
    with reporting(output):
        from edgerunner.cli.backup import run_restore

        run_restore(output, archive, force=force, data_dir=data_dir)

"""``edgerunner secrets``: the key that stored credentials are encrypted with."""

import typer

from edgerunner.cli import options
from edgerunner.cli.output import Output, reporting

secrets_app = typer.Typer(
    name="secrets", help="See and change the key of stored secrets.", no_args_is_help=True, rich_markup_mode=None
)


@secrets_app.command()
def status(*, data_dir: options.DataDir = None, json: options.AsJson = False) -> None:
    """Say where the key lies and whether it opens what is stored; ends with 1 when it does not."""
    output = Output(as_json=json)
    with reporting(output):
        from edgerunner.cli.secrets import run_status

        run_status(output, data_dir=data_dir)


@secrets_app.command()
def rotate(*, data_dir: options.DataDir = None, json: options.AsJson = False) -> None:
    """Make a new key, put every stored secret under it, and drop the old one. Stop Edgerunner before."""
    output = Output(as_json=json)
    with reporting(output):
        from edgerunner.cli.secrets import run_rotate

        run_rotate(output, data_dir=data_dir)


@secrets_app.command(name="new-key")
def new_key() -> None:
    """Print a new key for EDGERUNNER_MASTER_KEY; it is kept nowhere."""
    from edgerunner.storage.master_keys import new_key as make

    typer.echo(make())

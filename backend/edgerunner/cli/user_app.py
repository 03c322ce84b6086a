"""``edgerunner user`` and ``edgerunner api-key``: on the data folder, whether Edgerunner runs or not.

Whoever may write the data folder holds the installation's own key as well, so these commands ask for none.
A running Edgerunner takes changes in within half a second.
"""

from pathlib import Path
from typing import Annotated

import typer

from edgerunner.cli import options
from edgerunner.cli.output import Output, reporting
from edgerunner.domain.access import Right, Role

user_app = typer.Typer(name="user", help="Make and change users.", no_args_is_help=True, rich_markup_mode=None)
key_app = typer.Typer(name="api-key", help="Make and revoke API keys.", no_args_is_help=True, rich_markup_mode=None)

Name = Annotated[str, typer.Argument(help="Name of the user: small letters, digits, . _ -")]
RoleOption = Annotated[Role, typer.Option("--role", help="viewer reads; trader trades; admin may everything.")]
PasswordFile = Annotated[
    Path | None, typer.Option("--password-file", help="File whose first line is the password, - = stdin; else asked.")
]


@user_app.command()
def add(
    name: Name,
    *,
    role: RoleOption = Role.VIEWER,
    password_file: PasswordFile = None,
    data_dir: options.DataDir = None,
    json: options.AsJson = False,
) -> None:
    """Make a user."""
    output = Output(as_json=json)
    with reporting(output):
        from edgerunner.cli import user

        user.add(output, data_dir, name, role, password_file=password_file)


@user_app.command("list")
def list_command(*, data_dir: options.DataDir = None, json: options.AsJson = False) -> None:
    """List users."""
    output = Output(as_json=json)
    with reporting(output):
        from edgerunner.cli import user

        user.list_all(output, data_dir)


@user_app.command("role")
def role_command(
    name: Name,
    role: Annotated[Role, typer.Argument(help="The new role.")],
    *,
    data_dir: options.DataDir = None,
    json: options.AsJson = False,
) -> None:
    """Give a user another role; ends all its sessions."""
    output = Output(as_json=json)
    with reporting(output):
        from edgerunner.cli import user

        user.change(output, data_dir, name, role=role)


@user_app.command()
def disable(name: Name, *, data_dir: options.DataDir = None, json: options.AsJson = False) -> None:
    """Let a user sign in no more; ends all its sessions, and its API keys stop to work."""
    output = Output(as_json=json)
    with reporting(output):
        from edgerunner.cli import user

        user.change(output, data_dir, name, disabled=True)


@user_app.command()
def enable(name: Name, *, data_dir: options.DataDir = None, json: options.AsJson = False) -> None:
    """Let a user sign in again."""
    output = Output(as_json=json)
    with reporting(output):
        from edgerunner.cli import user

        user.change(output, data_dir, name, disabled=False)


@user_app.command()
def remove(name: Name, *, data_dir: options.DataDir = None, json: options.AsJson = False) -> None:
    """Remove a user with sessions and API keys."""
    output = Output(as_json=json)
    with reporting(output):
        from edgerunner.cli import user

        user.remove(output, data_dir, name)


@user_app.command()
def password(
    name: Name,
    *,
    password_file: PasswordFile = None,
    data_dir: options.DataDir = None,
    json: options.AsJson = False,
) -> None:
    """Give a user a new password; ends all its sessions."""
    output = Output(as_json=json)
    with reporting(output):
        from edgerunner.cli import user

        user.change_password(output, data_dir, name, password_file=password_file)


@user_app.command("reset-second-factor")
def reset_second_factor(name: Name, *, data_dir: options.DataDir = None, json: options.AsJson = False) -> None:
    """Take a user's second factor away, when the phone and the recovery codes are lost."""
    output = Output(as_json=json)
    with reporting(output):
        from edgerunner.cli import user

        user.change(output, data_dir, name, forgets_second_factor=True)


@user_app.command("renew-signing-key")
def renew_signing_key(*, data_dir: options.DataDir = None, json: options.AsJson = False) -> None:
    """Sign access tokens with a new key; those of the old one are good until they expire."""
    output = Output(as_json=json)
    with reporting(output):
        from edgerunner.cli import user

        user.renew_signing_key(output, data_dir)


@key_app.command()
def create(
    name: Annotated[str, typer.Argument(help="A label.")],
    *,
    scope: Annotated[list[Right], typer.Option("--scope", help="What it may do; repeat it for more.")],
    user: Annotated[str | None, typer.Option("--user", help="Whose key; else the installation's.")] = None,
    days: Annotated[int | None, typer.Option("--days", min=1, max=3650, help="Days until it ends; else never.")] = None,
    allow_ip: Annotated[
        list[str] | None, typer.Option("--allow-ip", help="Address or network it is taken from; repeat it for more.")
    ] = None,
    data_dir: options.DataDir = None,
    json: options.AsJson = False,
) -> None:
    """Make an API key; it is printed this once."""
    output = Output(as_json=json)
    with reporting(output):
        from edgerunner.cli import user as identity

        wanted = identity.WantedKey(name=name, scopes=frozenset(scope), user=user, days=days, ips=tuple(allow_ip or ()))
        identity.create_key(output, data_dir, wanted)


@key_app.command("list")
def list_keys(*, data_dir: options.DataDir = None, json: options.AsJson = False) -> None:
    """List API keys, without their secrets."""
    output = Output(as_json=json)
    with reporting(output):
        from edgerunner.cli import user

        user.list_keys(output, data_dir)


@key_app.command()
def revoke(
    key_id: Annotated[str, typer.Argument(help="Id of the key, as `edgerunner api-key list` shows it.")],
    *,
    data_dir: options.DataDir = None,
    json: options.AsJson = False,
) -> None:
    """End an API key and its streams."""
    output = Output(as_json=json)
    with reporting(output):
        from edgerunner.cli import user

        user.revoke_key(output, data_dir, key_id)

"""What ``edgerunner user`` and ``edgerunner api-key`` do on the data folder."""

import asyncio
import re
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import typer

from edgerunner.bootstrap import keys_of
from edgerunner.cli.output import CommandFailed, ExitCode, Output
from edgerunner.domain.access import OWNER, Right, Role
from edgerunner.domain.errors import EdgerunnerError, InvalidRequest
from edgerunner.routes.rendering_identity import key_answer, user_answer
from edgerunner.services.alert_service import AlertService
from edgerunner.services.clock import SystemClock
from edgerunner.services.identity.people import USER_NAME, KeyWish
from edgerunner.services.identity.service import Identity
from edgerunner.settings import Settings, load_settings, prepare_data_folder
from edgerunner.storage.database import Database
from edgerunner.storage.identity_values import StoredKey, StoredUser
from edgerunner.storage.secrets import Vault

ACTOR = "command-line"
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedKey:
    """The options of ``api-key create``."""

    name: str
    scopes: frozenset[Right]
    user: str | None
    days: int | None
    ips: tuple[str, ...]


def add(output: Output, data_dir: Path | None, name: str, role: Role, *, password_file: Path | None) -> None:
    """Make a user and print it. Raises ``CommandFailed``."""
    if not re.fullmatch(USER_NAME, name):
        raise CommandFailed(ExitCode.USAGE, f"{name!r} is no user name: small letters, digits, . _ - up to 32 of them.")
    secret = _password(password_file)
    user = _carry_out(data_dir, "user add", name, lambda identity: identity.people.add(name, secret, role))
    _show_user(output, user, "added")


def list_all(output: Output, data_dir: Path | None) -> None:
    """Print every user."""

    async def read(identity: Identity) -> list[StoredUser]:
        return identity.people.all()

    found = _carry_out(data_dir, None, "", read)
    for user in found:
        _show_user(output, user, "user")
    if not found:
        output.say("No users: the installation's own key is the only way in.")


def change(
    output: Output,
    data_dir: Path | None,
    name: str,
    *,
    role: Role | None = None,
    disabled: bool | None = None,
    forgets_second_factor: bool = False,
) -> None:
    """Change a user and print it. Raises ``CommandFailed``."""
    user = _carry_out(
        data_dir,
        "user change",
        name,
        lambda identity: identity.people.change(
            name, role=role, disabled=disabled, forgets_second_factor=forgets_second_factor, by_owner=True
        ),
    )
    _show_user(output, user, "changed")


def change_password(output: Output, data_dir: Path | None, name: str, *, password_file: Path | None) -> None:
    """Give a user a new password. Raises ``CommandFailed``."""
    secret = _password(password_file)
    user = _carry_out(
        data_dir,
        "user password",
        name,
        lambda identity: identity.people.change(name, password=secret, by_owner=True),
    )
    _show_user(output, user, "changed")


def remove(output: Output, data_dir: Path | None, name: str) -> None:
    """Remove a user and print what it was. Raises ``CommandFailed``."""
    user = _carry_out(data_dir, "user remove", name, lambda identity: identity.people.remove(name, by_owner=True))
    _show_user(output, user, "removed")


def renew_signing_key(output: Output, data_dir: Path | None) -> None:
    """Sign access tokens with a new key. Raises ``CommandFailed``."""
    _carry_out(data_dir, "user renew-signing-key", "", lambda identity: identity.renew_signing_key())
    output.event(event="signing_key_renewed")
    output.say("Access tokens are signed with a new key; those of the old one are good for 15 minutes at most.")


def create_key(output: Output, data_dir: Path | None, wanted: WantedKey) -> None:
    """Make an API key and print it, this once. Raises ``CommandFailed``."""
    ends_at_ns = None if wanted.days is None else SystemClock().now_ns() + wanted.days * 86_400_000_000_000
    wish = KeyWish(
        name=wanted.name,
        scopes=wanted.scopes,
        user=wanted.user,
        expires_at_ns=ends_at_ns,
        allowed_ips=wanted.ips,
    )
    made = _carry_out(
        data_dir, "api-key create", wanted.name, lambda identity: identity.keys.create(wish, principal=OWNER)
    )
    output.event(event="api_key_created", key=made.text, api_key=key_answer(made.stored).model_dump(mode="json"))
    output.say(f"{made.text}\nKeep it: it is shown this once. Id {made.stored.key_id}.")


def list_keys(output: Output, data_dir: Path | None) -> None:
    """Print every API key without its secret."""

    async def read(identity: Identity) -> list[StoredKey]:
        return identity.keys.visible_to(OWNER)

    found = _carry_out(data_dir, None, "", read)
    for key in found:
        output.event(event="api_key", api_key=key_answer(key).model_dump(mode="json"))
        owner = key.user_name or "the installation"
        output.say(f"{key.key_id}  {key.name}  {', '.join(sorted(key.scopes))}  of {owner}")
    if not found:
        output.say("No API keys.")


def revoke_key(output: Output, data_dir: Path | None, key_id: str) -> None:
    """End an API key. Raises ``CommandFailed``."""
    key = _carry_out(data_dir, "api-key revoke", key_id, lambda identity: identity.keys.revoke(key_id, principal=OWNER))
    output.event(event="api_key_revoked", api_key=key_answer(key).model_dump(mode="json"))
    output.say(f"Revoked {key.key_id} ({key.name}).")


def _carry_out(
    data_dir: Path | None, action: str | None, target: str, work: Callable[[Identity], Awaitable[Result]]
) -> Result:
    """Do something on the data folder; with an ``action`` it goes into the audit log, failures included."""
    settings = load_settings(data_dir=data_dir)
    prepare_data_folder(settings)
    try:
        return asyncio.run(_on_the_folder(settings, action, target, work))
    except InvalidRequest as error:
        raise CommandFailed(ExitCode.REFUSED, f"{error.detail}.") from error
    except EdgerunnerError as error:
        code = ExitCode.FAILED if error.code in {"journal_unavailable", "master_key_unusable"} else ExitCode.REFUSED
        raise CommandFailed(code, f"{error.detail}.") from error


async def _on_the_folder(
    settings: Settings, action: str | None, target: str, work: Callable[[Identity], Awaitable[Result]]
) -> Result:
    address = settings.database_url.get_secret_value() if settings.database_url else None
    database = await asyncio.to_thread(Database.open, settings.data_dir, address)
    try:
        clock = SystemClock()
        vault = await asyncio.to_thread(lambda: Vault(keys_of(settings)))
        identity = Identity(database, vault, alerts=AlertService(clock=clock), clock=clock)
        await identity.gate.refresh()
        result = "ok"
        try:
            return await work(identity)
        except EdgerunnerError as error:
            result = error.code
            raise
        finally:
            if action is not None:
                await identity.audit.record(actor=ACTOR, address="local", action=action, target=target, result=result)
    finally:
        database.close()


def _password(file: Path | None) -> str:
    """Return the password of a file's first line, of stdin, or as a person types it twice."""
    if file is None:
        return str(typer.prompt("Password", hide_input=True, confirmation_prompt=True, err=True))
    try:
        text = sys.stdin.readline() if str(file) == "-" else file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise CommandFailed(ExitCode.USAGE, f"{file} cannot be read: {error}.") from error
    return text.splitlines()[0] if text else ""


def _show_user(output: Output, user: StoredUser, event: str) -> None:
    output.event(event=event, user=user_answer(user).model_dump(mode="json"))
    state = "  disabled" if user.disabled else ""
    factor = "  second factor" if user.totp_confirmed else ""
    output.say(f"{user.name}  {user.role.value}{state}{factor}")

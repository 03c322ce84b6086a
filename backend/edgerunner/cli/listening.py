"""The API's listening socket, taken before anything else is started."""

import errno
import socket
import sys

from edgerunner.cli.output import CommandFailed, ExitCode
from edgerunner.settings import PREFIX, Settings

_BACKLOG = 512


def listen(settings: Settings) -> socket.socket:
    """Return a listening socket on the settings' host and port (0 = any free one).

    Raises ``CommandFailed``: a port in use ends with exit code 3.
    """
    try:
        family, _, _, _, address = socket.getaddrinfo(settings.host, settings.port, type=socket.SOCK_STREAM)[0]
    except OSError:
        raise CommandFailed(
            ExitCode.USAGE, f"{PREFIX}HOST is {settings.host!r}, which is no address: set it to one such as 127.0.0.1."
        ) from None
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, _reuse_option(), 1)
        listener.bind(address)
        listener.listen(_BACKLOG)
        listener.setblocking(False)
    except OSError as error:
        listener.close()
        raise _refusal(settings, error) from error
    return listener


def url_of(listener: socket.socket) -> str:
    """Return the address a browser on this machine uses."""
    host, port = listener.getsockname()[:2]
    shown = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)  # noqa: S104
    return f"http://{shown}:{port}"


def _reuse_option() -> int:
    """Windows lets SO_REUSEADDR take a port that is in use; elsewhere it only skips TIME_WAIT."""
    if sys.platform == "win32":
        return socket.SO_EXCLUSIVEADDRUSE
    return socket.SO_REUSEADDR


def _refusal(settings: Settings, error: OSError) -> CommandFailed:
    place = f"{settings.host}:{settings.port}"
    if error.errno == errno.EADDRINUSE:
        return CommandFailed(
            ExitCode.UNREACHABLE,
            f"Port {settings.port} on {settings.host} is in use: stop the other program, "
            f"or set {PREFIX}PORT to another port (0 = any free one).",
        )
    if error.errno == errno.EADDRNOTAVAIL:
        return CommandFailed(
            ExitCode.USAGE, f"{PREFIX}HOST is {settings.host!r}, which is no address of this machine: set it to one."
        )
    return CommandFailed(
        ExitCode.FAILED,
        f"The API cannot listen on {place} ({error.strerror}): set {PREFIX}PORT to a port from 1024 on.",
    )

"""Where the bridge is and how to talk to it."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

DEFAULT_URL = "http://127.0.0.1:8103"
ENVIRONMENT_PREFIX = "EDGERUNNER_MT5_BRIDGE_"


@dataclass(frozen=True, slots=True, kw_only=True)
class BridgeOptions:
    """The bridge and the manners of a client of it.

    Attributes:
        url: ``http://127.0.0.1:8103`` or ``https://host:port``; plain HTTP is for loopback (or a tunnel) alone.
        token: The bridge's bearer token; a ``read`` token reads, a ``trade`` token trades.
        ca_file: Certificates to believe beside the system's, such as a bridge's own self-signed one.
        timeout_s: How long a call waits for its answer; the bridge itself gives a call 30 s.
        drop_passwords: Passwords given to `initialize` and `login` are dropped instead of refused, so that a program
            which insists on one runs unmodified. They are never sent either way.
        take_over: Take the control of the terminal from an earlier client with the same token, such as the same
            program before a crash, instead of waiting until its lease runs out.
        client: The name under which the bridge lists who holds the control.
    """

    url: str = DEFAULT_URL
    token: str = field(default="", repr=False)
    ca_file: Path | None = None
    timeout_s: float = 35.0
    drop_passwords: bool = False
    take_over: bool = False
    client: str = "remote-module"

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> Self:
        """Read ``EDGERUNNER_MT5_BRIDGE_URL``, ``_TOKEN`` or ``_TOKEN_FILE``, ``_CA_FILE``, ``_TIMEOUT_S``,
        ``_DROP_PASSWORDS``, ``_TAKE_OVER`` (1 = yes) and ``_CLIENT``.

        Raises:
            OSError: The token file cannot be read.
            ValueError: The time-out is no number.
        """  # noqa: D205 - the first sentence needs two lines
        given = os.environ if environment is None else environment
        words = {
            name.removeprefix(ENVIRONMENT_PREFIX): value
            for name, value in given.items()
            if name.startswith(ENVIRONMENT_PREFIX) and value
        }
        token = words.get("TOKEN") or _token_in(words.get("TOKEN_FILE"))
        return cls(
            url=words.get("URL", DEFAULT_URL),
            token=token,
            ca_file=Path(words["CA_FILE"]) if "CA_FILE" in words else None,
            timeout_s=float(words.get("TIMEOUT_S", "35")),
            drop_passwords=words.get("DROP_PASSWORDS") == "1",
            take_over=words.get("TAKE_OVER") == "1",
            client=words.get("CLIENT", "remote-module"),
        )


def _token_in(path: str | None) -> str:
    return Path(path).read_text(encoding="utf-8").strip() if path else ""

"""Secrets at rest: encrypted with a key that lies beside the database, not in it.

Fernet (AES-128-CBC with HMAC-SHA256, https://github.com/fernet/spec) under the master keys of
``master_keys``: the first encrypts, all decrypt.
"""

from collections.abc import Mapping
from pathlib import Path

import msgspec
from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from edgerunner.storage.master_keys import KEY_FILE_NAME, KeyFile, MasterKeys, MasterKeyUnusable

__all__ = ["KEY_FILE_NAME", "MasterKeyUnusable", "Vault"]


class Vault:
    """Encrypts and decrypts credentials; shows neither keys nor secrets when printed."""

    def __init__(self, keys: MasterKeys) -> None:
        """Read the keys; raises ``MasterKeyUnusable`` when they cannot be read, or are no Fernet keys."""
        self._keys = keys
        self._fernets = fernets_of(keys)
        self._all = MultiFernet(self._fernets)

    @classmethod
    def open(cls, data_dir: Path, master_key_file: Path | None = None) -> "Vault":
        """Return the vault of ``master_key_file``, or of the data folder's own key file.

        The file is made, readable by its owner only, when it is missing. Raises
        ``MasterKeyUnusable`` when it cannot be made or read, when others may read it (POSIX), or
        when it holds no Fernet key.
        """
        return cls(KeyFile(master_key_file or data_dir / KEY_FILE_NAME))

    def encrypt(self, credentials: Mapping[str, str]) -> bytes:
        """Return the credentials as a token that only this vault's keys open."""
        return self._all.encrypt(msgspec.json.encode(dict(credentials)))

    def decrypt(self, token: bytes) -> dict[str, str]:
        """Return the credentials of a token; ``MasterKeyUnusable`` when another key made it."""
        try:
            return msgspec.json.decode(self._all.decrypt(token), type=dict[str, str])
        except InvalidToken:
            raise self._foreign() from None

    def renewed(self, token: bytes) -> bytes:
        """Return the same secret under the first key, its time kept; ``MasterKeyUnusable`` as in ``decrypt``."""
        try:
            return self._all.rotate(token)
        except InvalidToken:
            raise self._foreign() from None

    def key_of(self, token: bytes) -> int | None:
        """Return which key opens a token, 0 = the first; None = none of them."""
        for place, fernet in enumerate(self._fernets):
            try:
                fernet.decrypt(token)
            except InvalidToken:
                continue
            return place
        return None

    def _foreign(self) -> MasterKeyUnusable:
        return MasterKeyUnusable(
            f"the stored credentials were encrypted with another key than the one in {self._keys}: "
            "restore that key, or delete the connection and connect again"
        )

    def __repr__(self) -> str:
        return f"Vault({str(self._keys)!r})"


def fernets_of(keys: MasterKeys) -> list[Fernet]:
    """Return the ciphers of a place of keys; raises ``MasterKeyUnusable`` when it holds none or other text."""
    try:
        fernets = [Fernet(key) for key in keys.read()]
    except ValueError:
        fernets = []
    if not fernets:
        raise MasterKeyUnusable(f"{keys} holds no Fernet key: restore it from a backup")
    return fernets

"""The archive of a backup: a ZIP file with a manifest that says what every file must be.

Nothing in an archive is believed before it was compared with the manifest, and no name in it
leads outside: only the names that a backup itself writes are accepted, nothing but plain files,
no more bytes than declared, and never more than the disk has room for. The hashes show damage;
they do not show who made the archive.
"""

import hashlib
import shutil
import struct
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Final

import msgspec

from edgerunner.domain.errors import EdgerunnerError
from edgerunner.storage.backup_contents import ALWAYS, DATA, KEYS
from edgerunner.storage.dataset_parts import sync
from edgerunner.storage.state_hash import State

MANIFEST: Final = "manifest.json"
FORMAT: Final = 1
MAXIMUM_FILES: Final = 200_000
_MAXIMUM_MANIFEST: Final = 64_000_000
_SPARE_BYTES: Final = 16_000_000
_CHUNK: Final = 1 << 20
_ENCRYPTED: Final = 0x1
_DAMAGE: Final = (
    *(zipfile.BadZipFile, zipfile.LargeZipFile, zlib.error, struct.error),
    *(EOFError, NotImplementedError, OSError, UnicodeDecodeError),
)
"""What the library raises about files that are no archives, or were."""
_ROOTS: Final = frozenset({*ALWAYS, *KEYS, *DATA})
_FORBIDDEN: Final = frozenset('\\:*?"<>|') | {chr(code) for code in range(32)}
"""Characters that mean something to some file system."""


class BackupUnusable(EdgerunnerError):
    """An archive is damaged, of a newer version, or no backup at all; ``detail`` says which."""

    code = "backup_unusable"


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchivedFile:
    """One file: its path in the data folder, its bytes and their SHA-256."""

    path: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What an archive holds.

    Attributes:
        format: Version of this layout.
        program: Version of the program that wrote it.
        schema: Migration of the database in it.
        created_at: RFC 3339, UTC.
        state: What the database says.
    """

    format: int
    program: str
    schema: str
    created_at: str
    state: State
    files: tuple[ArchivedFile, ...]

    @property
    def roots(self) -> tuple[str, ...]:
        """Return the names in the data folder that the files lie under."""
        return tuple(sorted({PurePosixPath(file.path).parts[0] for file in self.files}))

    @property
    def total_bytes(self) -> int:
        """Return the size of all files, unpacked."""
        return sum(file.size for file in self.files)


class ArchiveWriter:
    """Adds files one by one; ``finish`` writes the manifest, without which it is no backup."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        self.files: list[ArchivedFile] = []

    def add(self, source: Path, path: str) -> None:
        """Archive a file's bytes. Raises ``OSError``, ``BackupUnusable`` for a path that not every system can hold."""
        _require_safe(path)
        hashed, size = hashlib.sha256(), 0
        with source.open("rb") as reading, self._archive.open(path, "w", force_zip64=True) as writing:
            while chunk := reading.read(_CHUNK):
                hashed.update(chunk)
                size += len(chunk)
                writing.write(chunk)
        self.files.append(ArchivedFile(path=path, size=size, sha256=hashed.hexdigest()))

    def finish(self, manifest: Manifest) -> None:
        """Write the manifest."""
        self._archive.writestr(MANIFEST, msgspec.json.format(msgspec.json.encode(manifest), indent=1))


@contextmanager
def opened(archive: Path) -> Iterator[tuple[zipfile.ZipFile, Manifest]]:
    """Open an archive and read its manifest; both agree on the files.

    Raises ``BackupUnusable``.
    """
    try:
        with zipfile.ZipFile(archive) as file:
            manifest = _manifest(file)
            _require_agreement(file, manifest)
            yield file, manifest
    except _DAMAGE as error:
        raise BackupUnusable(f"{archive} cannot be read: {error}") from error


def unpack(file: zipfile.ZipFile, manifest: Manifest, folder: Path) -> None:
    """Write every file below ``folder`` (new, ours alone), comparing it with the manifest on the way.

    Files are on disk when this returns. Raises ``BackupUnusable``, ``zipfile.BadZipFile``, ``OSError``.
    """
    free = shutil.disk_usage(folder).free - _SPARE_BYTES
    if manifest.total_bytes > free:
        raise BackupUnusable(f"it unpacks to {manifest.total_bytes} bytes and {folder} has room for {max(free, 0)}")
    for entry in manifest.files:
        place = folder / entry.path
        place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with file.open(entry.path) as reading, place.open("xb") as writing:
            place.chmod(0o600)
            _copy(reading, writing, entry)
        sync(place)


def _copy(reading: IO[bytes], writing: IO[bytes], entry: ArchivedFile) -> None:
    hashed, left = hashlib.sha256(), entry.size
    while chunk := reading.read(min(_CHUNK, left + 1)):
        left -= len(chunk)
        if left < 0:
            break
        hashed.update(chunk)
        writing.write(chunk)
    if left != 0 or hashed.hexdigest() != entry.sha256:
        raise BackupUnusable(f"{entry.path} in it is not what the manifest says: the archive is damaged")


def _manifest(file: zipfile.ZipFile) -> Manifest:
    try:
        info = file.getinfo(MANIFEST)
    except KeyError:
        raise BackupUnusable("it has no manifest: this is no backup of Edgerunner, or an unfinished one") from None
    if info.file_size > _MAXIMUM_MANIFEST:
        raise BackupUnusable(f"its manifest has {info.file_size} bytes, more than {_MAXIMUM_MANIFEST}")
    try:
        content: Mapping[str, object] = msgspec.json.decode(_bounded(file, info), type=dict[str, object])
        written = content.get("format")
        if isinstance(written, int) and written > FORMAT:
            raise BackupUnusable(f"it has format {written}, which a newer Edgerunner writes: use that version")
        return msgspec.convert(content, Manifest)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise BackupUnusable(f"its manifest cannot be read: {error}") from error


def _bounded(file: zipfile.ZipFile, info: zipfile.ZipInfo) -> bytes:
    with file.open(info) as reading:
        content = reading.read(_MAXIMUM_MANIFEST + 1)
    if len(content) > _MAXIMUM_MANIFEST:
        raise BackupUnusable("its manifest is longer than it says")
    return content


def _require_agreement(file: zipfile.ZipFile, manifest: Manifest) -> None:
    infos = file.infolist()
    if len(infos) > MAXIMUM_FILES:
        raise BackupUnusable(f"it holds {len(infos)} files, more than {MAXIMUM_FILES}")
    stored = {info.filename: info for info in infos}
    declared = {entry.path: entry for entry in manifest.files}
    if len(stored) != len(infos) or len(declared) != len(manifest.files):
        raise BackupUnusable("it holds a name twice")
    if len({path.casefold() for path in declared}) != len(declared):
        raise BackupUnusable("it holds names that differ in capitals alone")
    if stored.keys() - {MANIFEST} != declared.keys():
        odd = min((stored.keys() - {MANIFEST}) ^ declared.keys())
        raise BackupUnusable(f"manifest and archive disagree about {odd!r}")
    for path, entry in declared.items():
        _require_safe(path)
        _require_plain(stored[path], entry)


def _require_plain(info: zipfile.ZipInfo, entry: ArchivedFile) -> None:
    is_plain = not info.is_dir() and not info.flag_bits & _ENCRYPTED
    if not is_plain or info.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
        raise BackupUnusable(f"{entry.path!r} in it is no plain file")
    if entry.size < 0 or info.file_size != entry.size:
        raise BackupUnusable(f"{entry.path!r} in it has {info.file_size} bytes, its manifest says {entry.size}")


def _require_safe(path: str) -> None:
    parts = PurePosixPath(path).parts
    is_plain = bool(parts) and path == "/".join(parts) and not any(part in {".", "..", "/"} for part in parts)
    is_portable = not _FORBIDDEN & set(path) and not any(part.endswith((" ", ".")) for part in parts)
    if not (is_plain and is_portable and parts[0] in _ROOTS and len(path) < 1000):
        raise BackupUnusable(f"{path!r} is no name that a backup may hold")

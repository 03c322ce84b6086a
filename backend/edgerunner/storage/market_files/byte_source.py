"""The bytes of a file that somebody gave us: unpacked, counted, and readable more than once."""

import gzip
import hashlib
import io
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

from edgerunner.backtest.columns import BadData

MEBIBYTE = 1_048_576
_HEAD = 65_536
_CHUNK = MEBIBYTE
_GZIP_MAGIC = b"\x1f\x8b"
_PARQUET_MAGIC = b"PAR1"
_FOREIGN = {
    b"PK\x03\x04": ("is a ZIP archive or a spreadsheet", "unpack it, or save the sheet as CSV"),
    b"BZh": ("is packed with bzip2", "unpack it, or pack it with gzip"),
    b"\xfd7zXZ": ("is packed with xz", "unpack it, or pack it with gzip"),
    b"\x28\xb5\x2f\xfd": ("is packed with zstd", "unpack it, or pack it with gzip"),
    b"\xff\xfe": ("is UTF-16 text", "save it as UTF-8"),
    b"\xfe\xff": ("is UTF-16 text", "save it as UTF-8"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much of a file is taken in, in bytes and rows."""

    file_bytes: int = 256 * MEBIBYTE
    unpacked_bytes: int = 1_024 * MEBIBYTE
    rows: int = 10_000_000


DEFAULT_LIMITS = Limits()


class ByteSource:
    """A file by path or as an open seekable stream; ``name`` stands in errors, never a folder.

    Every read raises ``BadData`` for what cannot be unpacked and as soon as a limit is passed.
    """

    def __init__(self, file: Path | BinaryIO, *, name: str, limits: Limits = DEFAULT_LIMITS) -> None:
        self._file = file
        self.name = name
        self.limits = limits

    def head(self) -> bytes:
        """Return the first 64 KiB, unpacked; refuses file types that are known and not read."""
        with self.opened() as stream:
            head = stream.read(_HEAD)
        for magic, (reason, remedy) in _FOREIGN.items():
            if head.startswith(magic):
                raise self.bad(reason, remedy=remedy, code="file_type")
        return head

    def is_parquet(self) -> bool:
        """Tell whether the bytes are a Parquet file, whatever its name says."""
        return self.head().startswith(_PARQUET_MAGIC)

    @contextmanager
    def opened(self) -> Iterator[BinaryIO]:
        """Yield the unpacked bytes from the beginning."""
        with self.raw() as raw:
            packed = raw.read(2) == _GZIP_MAGIC
            raw.seek(0)
            inner = cast("BinaryIO", gzip.GzipFile(fileobj=raw, mode="rb")) if packed else raw
            yield cast("BinaryIO", io.BufferedReader(_Counted(inner, self), _CHUNK))

    def size_and_sha256(self) -> tuple[int, str]:
        """Return the number of bytes and the SHA-256 of the file as it is, packed or not."""
        digest, size = hashlib.sha256(), 0
        with self.raw() as raw:
            while chunk := raw.read(_CHUNK):
                digest.update(chunk)
                size += len(chunk)
                if size > self.limits.file_bytes:
                    raise self.too_large(self.limits.file_bytes, "a file")
        return size, digest.hexdigest()

    def bad(self, reason: str, *, remedy: str, code: str, field: str | None = None, row: int | None = None) -> BadData:
        """Return the error that names this file."""
        return BadData(reason, remedy=remedy, source=self.name, code=code, field=field, row=row)

    def too_large(self, limit: int, what: str) -> BadData:
        """Return the error for more than ``limit`` bytes."""
        remedy = "split it by time and import the parts"
        return self.bad(f"has more than {limit} bytes, the most that {what} may have", remedy=remedy, code="too_large")

    def too_many_rows(self, rows: int) -> BadData:
        """Return the error for more rows than the limit."""
        reason = f"has {rows} rows, the most is {self.limits.rows}"
        return self.bad(reason, remedy="split it by time and import the parts", code="too_many_rows")

    @contextmanager
    def raw(self) -> Iterator[BinaryIO]:
        """Yield the bytes as they are, packed or not; seekable."""
        if isinstance(self._file, Path):
            try:
                with self._file.open("rb") as raw:
                    yield raw
            except (FileNotFoundError, IsADirectoryError, PermissionError) as error:
                remedy = "name a file that this user can read"
                raise self.bad(f"cannot be read ({error.strerror})", remedy=remedy, code="unreadable") from error
        else:
            self._file.seek(0)
            yield self._file


class _Counted(io.RawIOBase):
    """Counts what is read and stops at the limit, so that a small packed file cannot fill the memory."""

    def __init__(self, inner: BinaryIO, source: ByteSource) -> None:
        super().__init__()
        self._inner = inner
        self._source = source
        self._left = source.limits.unpacked_bytes

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        try:
            chunk = self._inner.read(len(buffer))
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            remedy = "copy or download it again"
            raise self._source.bad(f"cannot be unpacked ({error})", remedy=remedy, code="gzip") from error
        self._left -= len(chunk)
        if self._left < 0:
            raise self._source.too_large(self._source.limits.unpacked_bytes, "an unpacked file")
        buffer[: len(chunk)] = chunk
        return len(chunk)

"""The vendor's wheel as a source of facts: constants of its Python file, tables in the data of its binary."""

import ast
import struct
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

VERSION = "5.0.6231"
DOWNLOAD_S = 60
_POINTER = 8


class NotAvailable(Exception):
    """The wheel cannot be had here; the sentence says why."""


def download(folder: Path) -> "VendorWheel":
    """Let pip fetch the Windows wheel; raises ``NotAvailable`` offline or when the index lacks it."""
    command = [
        sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:",
        "--platform", "win_amd64", "--python-version", "311", "--retries", "0", "--timeout", "15",
        "--disable-pip-version-check", "--dest", str(folder), f"MetaTrader5=={VERSION}",
    ]  # fmt: skip
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=DOWNLOAD_S, check=False)
    except subprocess.TimeoutExpired:
        raise NotAvailable(f"pip did not fetch MetaTrader5=={VERSION} within {DOWNLOAD_S} s") from None
    if done.returncode:
        raise NotAvailable(f"pip cannot fetch MetaTrader5=={VERSION}: {done.stderr.strip().splitlines()[-1]}")
    return VendorWheel(next(folder.glob("*.whl")))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Section:
    address: int
    size: int
    offset: int


class VendorWheel:
    """What can be read in the wheel without running it."""

    def __init__(self, file: Path) -> None:
        with zipfile.ZipFile(file) as wheel:
            self._source = wheel.read("MetaTrader5/__init__.py").decode()
            binary = next(name for name in wheel.namelist() if name.endswith(".pyd"))
            self._binary = wheel.read(binary)

    @cached_property
    def constants(self) -> dict[str, int]:
        """Return every upper-case name that the Python file assigns, in order."""
        found = {}
        for node in ast.parse(self._source).body:
            match node:
                case ast.Assign(targets=[ast.Name(id=name)], value=value) if name.isupper():
                    found[name] = _integer(value)
                case _:
                    pass
        return found

    @property
    def functions_in_python(self) -> set[str]:
        """Return the public functions that the Python file defines."""
        names = {node.name for node in ast.parse(self._source).body if isinstance(node, ast.FunctionDef)}
        return {name for name in names if not name.startswith("_")}

    def holds(self, text: str) -> bool:
        """Tell whether the binary holds a text as a whole string."""
        return b"\0" + text.encode() + b"\0" in self._binary

    @cached_property
    def structs(self) -> dict[str, tuple[str, ...]]:
        """Return the fields of every struct: ``PyStructSequence_Desc`` = name, doc, fields, count."""
        found = {}
        for offset in self._pointers():
            name, doc, fields, count = struct.unpack_from("<QQQi", self._binary, offset)
            first = self._offset(fields)
            if self._text(name) and "structure" in (self._text(doc) or "") and first is not None:
                found[str(self._text(name))] = tuple(self._fields(first, count))
        return found

    @cached_property
    def methods(self) -> dict[str, tuple[int, str]]:
        """Return flags and doc string of every function: ``PyMethodDef`` = name, function, flags, doc."""
        found = {}
        for offset in self._pointers():
            name, _, flags, doc = struct.unpack_from("<QQixxxxQ", self._binary, offset)
            if (text := self._text(name)) and (self._text(doc) or "").startswith(f"{text}("):
                found[text] = (flags, str(self._text(doc)))
        return found

    def _fields(self, offset: int, count: int) -> Iterator[str]:
        for place in range(count):
            name = self._text(struct.unpack_from("<Q", self._binary, offset + 2 * _POINTER * place)[0])
            assert name is not None, "a field without a name"
            yield name

    def _pointers(self) -> Iterator[int]:
        data = self._sections[".data"]
        return iter(range(data.offset, data.offset + data.size - 4 * _POINTER, _POINTER))

    @cached_property
    def _image_base(self) -> int:
        return int(struct.unpack_from("<Q", self._binary, self._header + 48)[0])

    @cached_property
    def _header(self) -> int:
        return int(struct.unpack_from("<I", self._binary, 0x3C)[0])

    @cached_property
    def _sections(self) -> dict[str, _Section]:
        count, optional = (struct.unpack_from("<H", self._binary, self._header + at)[0] for at in (6, 20))
        found = {}
        for place in range(count):
            start = self._header + 24 + optional + 40 * place
            name = self._binary[start : start + 8].rstrip(b"\0").decode()
            size, address, raw_size, offset = struct.unpack_from("<IIII", self._binary, start + 8)
            found[name] = _Section(address=address, size=min(size, raw_size), offset=offset)
        return found

    def _offset(self, pointer: int) -> int | None:
        address = pointer - self._image_base
        for section in self._sections.values():
            if section.address <= address < section.address + section.size:
                return section.offset + address - section.address
        return None

    def _text(self, pointer: int) -> str | None:
        offset = self._offset(pointer)
        if offset is None:
            return None
        try:
            return self._binary[offset : self._binary.index(0, offset)].decode("ascii")
        except UnicodeDecodeError:
            return None


def _integer(node: ast.expr) -> int:
    match node:
        case ast.Constant(value=int(value)):
            return value
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return -_integer(operand)
        case ast.BinOp(left=left, op=ast.BitOr(), right=right):
            return _integer(left) | _integer(right)
        case _:
            raise AssertionError(f"a constant that is no number: {ast.unparse(node)}")

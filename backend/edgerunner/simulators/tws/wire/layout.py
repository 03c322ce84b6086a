"""The order of a message's fields on the wire, and the one reader and writer of all messages.

A message is a frozen dataclass: the order of its annotated fields is their order on the wire, and ``MESSAGE_ID`` and
``VERSION`` are what stands before them. Metadata of an annotation say the rest: a ``Kind``, ``Since`` and ``Until``
(server versions), ``Only`` (there only if earlier fields say so), ``Block`` (the fields of a value of its own) and
``Rows`` (a count, then so many values). A message whose fields are mixed on the wire gives its own ``ITEMS``.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from functools import lru_cache
from operator import attrgetter
from typing import Annotated, Any, Final, get_args, get_origin, get_type_hints

from edgerunner.simulators.tws.wire.errors import MessageError, WireError
from edgerunner.simulators.tws.wire.kinds import Kind

NEVER: Final = 1 << 30
Look = Callable[[str], Any]
"""Gives the value of an earlier field of the same message by its path."""


@dataclass(frozen=True, slots=True)
class Since:
    """The first server version that has a field."""

    version: int


@dataclass(frozen=True, slots=True)
class Until:
    """The first server version that has a field no more."""

    version: int


@dataclass(frozen=True, slots=True)
class Only:
    """A field is there only if earlier fields say so."""

    test: Callable[[Look], bool]


@dataclass(frozen=True, slots=True)
class Block:
    """The value's own fields follow: all of them, or those named, in that order."""

    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Rows:
    """A count, then so many values of the class in the annotation; ``names`` as in ``Block``."""

    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One place on the wire; ``path`` leads from the message to the value.

    Without a path ``literal`` is written and any text is read. With ``row_type`` the value is a tuple of such rows.
    """

    path: str | None = None
    kind: Kind | None = None
    literal: str = ""
    row_type: type[Any] | None = None
    row_items: tuple["Item", ...] = ()
    since: int = 0
    until: int = NEVER
    only: Callable[[Look], bool] | None = None

    def is_there(self, version: int, look: Look) -> bool:
        """Tell whether a message has this place."""
        return self.since <= version < self.until and (self.only is None or self.only(look))


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """One message: its class, id and places; ``parts`` are the classes of its nested values by name."""

    message: type[Any]
    message_id: int
    items: tuple[Item, ...]
    parts: Mapping[str, type[Any]]

    def read(self, texts: Sequence[str], version: int) -> Any:
        """Return the message of the fields after its id; raises ``MessageError``."""
        cursor = _Cursor(texts)
        message = _build(self.message, self.parts, _read_items(self.items, cursor, version))
        if cursor.left:
            raise MessageError(f"{self.message.__name__} has {cursor.left} fields too many at version {version}")
        return message

    def write(self, message: object, version: int) -> list[str]:
        """Return the fields of a message, its id included; raises ``WireError``."""
        return [str(self.message_id), *_write_items(self.items, message, version)]


def layout_of(message: type[Any]) -> Layout:
    """Return the layout that a message class declares."""
    items: tuple[Item, ...] = getattr(message, "ITEMS", None) or tuple(items_of(message))
    version = getattr(message, "VERSION", None)
    versions = () if version is None else (version if isinstance(version, Item) else Item(literal=str(version)),)
    return Layout(message=message, message_id=message.MESSAGE_ID, items=(*versions, *items), parts=_parts(message))


def items_of(message: type[Any], names: Sequence[str] = (), prefix: str = "") -> Iterator[Item]:
    """Yield the places of a class's fields, all or those named, as paths below ``prefix``."""
    hints = get_type_hints(message, include_extras=True)
    for name in names or [field.name for field in fields(message)]:
        yield from _items_of_field(hints[name], f"{prefix}{name}")


def _items_of_field(hint: Any, path: str) -> Iterator[Item]:
    inner, *marks = get_args(hint)
    options: dict[str, Any] = {}
    for mark in marks:
        match mark:
            case Kind():
                options["kind"] = mark
            case Since(version):
                options["since"] = version
            case Until(version):
                options["until"] = version
            case Only(test):
                options["only"] = test
            case Block(names):
                yield from items_of(inner, names, f"{path}.")
                return
            case Rows(names):
                row_type = get_args(inner)[0]
                options |= {"row_type": row_type, "row_items": tuple(items_of(row_type, names))}
    yield Item(path=path, **options)


def _parts(message: type[Any]) -> dict[str, type[Any]]:
    hints = get_type_hints(message, include_extras=True)
    marked = {name: get_args(hint) for name, hint in hints.items() if get_origin(hint) is Annotated}
    return {name: args[0] for name, args in marked.items() if any(isinstance(mark, Block) for mark in args[1:])}


class _Cursor:
    """Reads one field after the other."""

    def __init__(self, texts: Sequence[str]) -> None:
        self._texts = texts
        self._at = 0

    @property
    def left(self) -> int:
        return len(self._texts) - self._at

    def take(self, what: str) -> str:
        if not self.left:
            raise MessageError(f"the message ends before {what}")
        self._at += 1
        return self._texts[self._at - 1]


def _read_items(items: Sequence[Item], cursor: _Cursor, version: int) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for item in items:
        if not item.is_there(version, values.__getitem__):
            continue
        if item.path is None:
            cursor.take("a fixed field")
        elif item.row_type is not None:
            values[item.path] = _read_rows(item, cursor, version)
        else:
            values[item.path] = _read_value(item, cursor)
    return values


def _read_value(item: Item, cursor: _Cursor) -> Any:
    if item.kind is None:
        raise TypeError(f"{item.path} has no kind")
    try:
        return item.kind.read(cursor.take(str(item.path)))
    except MessageError as error:
        raise MessageError(f"{item.path}: {error}") from None


def _read_rows(item: Item, cursor: _Cursor, version: int) -> tuple[Any, ...]:
    text = cursor.take(f"the count of {item.path}") or "0"
    if not (text.isascii() and text.isdigit()) or len(text) > 9 or int(text) > cursor.left:
        raise MessageError(f"{item.path}: {text[:40]!r} is no count of what follows")
    rows = (_read_items(item.row_items, cursor, version) for _ in range(int(text)))
    return tuple(_build(item.row_type, {}, values) for values in rows)


def _build(message: Any, parts: Mapping[str, type[Any]], values: Mapping[str, Any]) -> Any:
    own: dict[str, Any] = {}
    nested: dict[str, dict[str, Any]] = {name: {} for name in parts}
    for path, value in values.items():
        part, _, name = path.partition(".")
        if name:
            nested[part][name] = value
        else:
            own[path] = value
    return message(**own, **{name: parts[name](**given) for name, given in nested.items()})


_getter = lru_cache(maxsize=None)(attrgetter)
"""Reads a path of a message; there are as many as places on the wire."""


def _write_items(items: Sequence[Item], message: object, version: int) -> Iterator[str]:
    def look(path: str) -> Any:
        return _getter(path)(message)

    for item in items:
        if not item.is_there(version, look):
            continue
        if item.path is None:
            yield item.literal
        elif item.row_type is not None:
            yield from _write_rows(item, look(item.path), version)
        else:
            yield _write_value(item, look(item.path))


def _write_value(item: Item, value: Any) -> str:
    if item.kind is None:
        raise TypeError(f"{item.path} has no kind")
    try:
        return item.kind.write(value)
    except (TypeError, ValueError, MessageError) as error:
        raise WireError(f"{item.path}: {value!r} is no {item.kind.name}") from error


def _write_rows(item: Item, rows: Sequence[object], version: int) -> Iterator[str]:
    yield str(len(rows))
    for row in rows:
        yield from _write_items(item.row_items, row, version)

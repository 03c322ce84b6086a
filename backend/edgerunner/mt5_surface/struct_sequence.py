"""Struct sequences as CPython's C interface makes them: tuples whose places have names."""

from collections.abc import Iterable, Mapping
from operator import itemgetter
from typing import Any, ClassVar, Final, Self, TypeVar

FieldKind = type[bool] | type[int] | type[float] | type[str] | type[tuple[Any, ...]]

_KINDS: Final[dict[type, dict[str, FieldKind]]] = {}


class StructSequence(tuple[Any, ...]):
    """Base of the vendor's 11 structs: a subclass names its fields by annotations, in order.

    Like the C original it is built from one iterable of exactly ``n_fields`` values, has attributes, ``_asdict()`` and
    ``__match_args__``, is read-only, and has neither ``_fields`` nor ``_replace``. Unlike the original it pickles.
    """

    __slots__ = ()

    __match_args__: ClassVar[tuple[str, ...]] = ()
    n_fields: ClassVar[int] = 0
    n_sequence_fields: ClassVar[int] = 0
    n_unnamed_fields: ClassVar[int] = 0

    def __init_subclass__(cls) -> None:
        if StructSequence not in cls.__bases__:
            raise TypeError(f"type '{cls.__bases__[0].__name__}' is not an acceptable base type")
        kinds = dict(cls.__annotations__)
        _KINDS[cls] = kinds
        cls.n_fields = cls.n_sequence_fields = len(kinds)
        type.__setattr__(cls, "__match_args__", tuple(kinds))
        for place, name in enumerate(kinds):
            setattr(cls, name, property(itemgetter(place)))

    def __new__(cls, sequence: Iterable[Any], dict: Mapping[str, Any] | None = None) -> Self:  # noqa: A002 - the name struct sequences have
        """Make a struct of exactly ``n_fields`` values.

        ``dict`` would hold fields beyond the sequence, of which no vendor struct has any: it changes nothing.
        Raises ``TypeError`` for anything that is no iterable of the right length.
        """
        try:
            values = tuple(sequence)
        except TypeError:
            raise TypeError("constructor requires a sequence") from None
        if len(values) != cls.n_fields:
            raise TypeError(f"{cls.__name__}() takes a {cls.n_fields}-sequence ({len(values)}-sequence given)")
        if dict is not None and not isinstance(dict, Mapping):
            raise TypeError(f"{cls.__name__}() takes a dict as second arg, if any")
        return super().__new__(cls, values)

    def __getnewargs__(self) -> tuple[tuple[Any, ...]]:
        return (tuple(self),)

    def __repr__(self) -> str:
        values = ", ".join(f"{name}={value!r}" for name, value in zip(self.__match_args__, self, strict=True))
        return f"{type(self).__name__}({values})"

    def _asdict(self) -> dict[str, Any]:
        """Return the fields by name; structs inside stay structs."""
        return dict(zip(self.__match_args__, self, strict=True))


AnyStruct = TypeVar("AnyStruct", bound=StructSequence)


def field_kinds(struct: type[StructSequence]) -> Mapping[str, FieldKind]:
    """Return field -> type of its values (``bool int float str`` or a struct), in order."""
    return _KINDS[struct]


def from_mapping(struct: type[AnyStruct], values: Mapping[str, object]) -> AnyStruct:
    """Build a struct from values by name; raises ``KeyError`` for a missing one and ``TypeError`` for one too many."""
    unknown = sorted(set(values) - set(struct.__match_args__))
    if unknown:
        raise TypeError(f"{struct.__name__} has no field {', '.join(unknown)}")
    return struct(values[name] for name in struct.__match_args__)

"""Bodies of control requests: read field by field, with errors that name the field."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import TypeVar

from edgerunner.domain.numbers import parse_plain
from edgerunner.simulators.timestamps import parse_rfc3339

Word = TypeVar("Word", bound=str)


class InvalidRequest(Exception):
    """A request that cannot be carried out: HTTP status, code, sentence and the field at fault."""

    def __init__(
        self, detail: str, *, field: str | None = None, status: int = 422, code: str = "validation_error"
    ) -> None:
        super().__init__(detail)
        self.detail = detail
        self.field = field
        self.status = status
        self.code = code


@dataclass(frozen=True, slots=True)
class Fields:
    """The fields of one JSON object; ``path`` is put before their names in errors."""

    values: Mapping[str, object]
    path: str = ""

    def only(self, *names: str) -> "Fields":
        """Refuse fields that are not listed and return the others."""
        for name in self.values:
            if name not in names:
                raise InvalidRequest(f"unknown field; known: {', '.join(names)}", field=self.path + name)
        return self

    def has(self, name: str) -> bool:
        """Tell whether a field is there, ``null`` included."""
        return name in self.values

    def text(self, name: str) -> str:
        """Return a text that must be there."""
        value = self.optional_text(name)
        if value is None:
            raise InvalidRequest("is required", field=self.path + name)
        return value

    def optional_text(self, name: str) -> str | None:
        """Return a text, or None."""
        value = self.values.get(name)
        if value is not None and not (isinstance(value, str) and value):
            raise InvalidRequest("must be a text", field=self.path + name)
        return value

    def word(self, name: str, words: Iterable[Word], default: Word | None = None) -> Word:
        """Return one of some words."""
        value = self.optional_text(name)
        if value is None and default is not None:
            return default
        known = list(words)
        for word in known:
            if value == word:
                return word
        raise InvalidRequest(f"must be one of {', '.join(known)}", field=self.path + name)

    def decimal(self, name: str) -> Decimal:
        """Return a plain decimal that must be there, given as text or number."""
        value = self.optional_decimal(name)
        if value is None:
            raise InvalidRequest("is required", field=self.path + name)
        return value

    def optional_decimal(self, name: str) -> Decimal | None:
        """Return a plain decimal, or None."""
        value = self.values.get(name)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            raise InvalidRequest("must be a decimal", field=self.path + name)
        try:
            return parse_plain(str(value))
        except ValueError as error:
            raise InvalidRequest(str(error), field=self.path + name) from error

    def integer(self, name: str, *, least: int = 0) -> int | None:
        """Return a whole number of at least ``least``, or None."""
        value = self.values.get(name)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int) or value < least:
            raise InvalidRequest(f"must be a whole number of at least {least}", field=self.path + name)
        return value

    def flag(self, name: str, *, default: bool | None = None) -> bool:
        """Return true or false."""
        value = self.values.get(name, default)
        if not isinstance(value, bool):
            raise InvalidRequest("must be true or false", field=self.path + name)
        return value

    def time(self, name: str) -> int | None:
        """Return a RFC 3339 time as UTC nanoseconds, or None."""
        text = self.optional_text(name)
        if text is None:
            return None
        try:
            return parse_rfc3339(text)
        except ValueError as error:
            raise InvalidRequest(str(error), field=self.path + name) from error

    def section(self, name: str) -> "Fields":
        """Return the fields of an object; none when it is absent."""
        value = self.values.get(name)
        if value is None:
            return Fields({}, f"{self.path}{name}.")
        if not isinstance(value, dict):
            raise InvalidRequest("must be an object", field=self.path + name)
        return Fields(value, f"{self.path}{name}.")

"""Typed, bounded parameters of a strategy: one declaration makes the check, the JSON schema and the search space."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TypeVar, cast

from edgerunner.domain.errors import FieldError, InvalidRequest

ParameterValue = bool | int | float | str
Kind = type[bool] | type[int] | type[float] | type[str]
Value = TypeVar("Value", bool, int, float, str)

_SCHEMA_WORDS: dict[Kind, str] = {bool: "boolean", int: "integer", float: "number", str: "string"}
_KINDS: dict[object, Kind] = {kind: kind for kind in _SCHEMA_WORDS} | {kind.__name__: kind for kind in _SCHEMA_WORDS}


@dataclass(frozen=True, slots=True, kw_only=True)
class ParameterSpec:
    """One parameter of a strategy class: its type, default, bounds (inclusive unless named exclusive) and choices."""

    name: str
    kind: Kind
    default: ParameterValue
    minimum: float | None = None
    maximum: float | None = None
    exclusive_minimum: float | None = None
    exclusive_maximum: float | None = None
    step: float | None = None
    choices: tuple[ParameterValue, ...] = ()
    description: str = ""

    def json_schema(self) -> dict[str, object]:
        """Return the parameter as a property of a JSON schema (draft 2020-12)."""
        limits = {
            "minimum": self.minimum,
            "maximum": self.maximum,
            "exclusiveMinimum": self.exclusive_minimum,
            "exclusiveMaximum": self.exclusive_maximum,
            "multipleOf": self.step,
        }
        schema: dict[str, object] = {"type": _SCHEMA_WORDS[self.kind], "default": self.default}
        schema |= {word: limit for word, limit in limits.items() if limit is not None}
        if self.choices:
            schema["enum"] = list(self.choices)
        if self.description:
            schema["description"] = self.description
        return schema

    def checked(self, value: object) -> ParameterValue:
        """Return ``value`` in the parameter's type; raises ``ValueError`` with the remedy when it does not fit."""
        typed = self._typed(value)
        if self.choices and typed not in self.choices:
            raise ValueError(f"must be one of {', '.join(map(str, self.choices))}")
        if not isinstance(typed, bool | str):
            self._check_bounds(typed)
        return typed

    def _typed(self, value: object) -> ParameterValue:
        if self.kind is float and isinstance(value, int) and not isinstance(value, bool):
            return float(value)
        if self.kind is int and isinstance(value, float) and value.is_integer():
            return int(value)
        if type(value) is not self.kind:
            raise ValueError(f"must be of type {_SCHEMA_WORDS[self.kind]}")
        return value

    def _check_bounds(self, number: float) -> None:
        if not math.isfinite(number):
            raise ValueError("must be a finite number")
        if self.minimum is not None and number < self.minimum:
            raise ValueError(f"must be at least {self.minimum:g}")
        if self.maximum is not None and number > self.maximum:
            raise ValueError(f"must be at most {self.maximum:g}")
        if self.exclusive_minimum is not None and number <= self.exclusive_minimum:
            raise ValueError(f"must be greater than {self.exclusive_minimum:g}")
        if self.exclusive_maximum is not None and number >= self.exclusive_maximum:
            raise ValueError(f"must be less than {self.exclusive_maximum:g}")
        if self.step is not None and not math.isclose(number / self.step, round(number / self.step), rel_tol=1e-9):
            raise ValueError(f"must be a multiple of {self.step:g}")


def parameter(
    default: Value,
    *,
    minimum: float | None = None,
    maximum: float | None = None,
    exclusive_minimum: float | None = None,
    exclusive_maximum: float | None = None,
    step: float | None = None,
    choices: Iterable[Value] = (),
    description: str = "",
) -> Value:
    """Declare a parameter in the body of a strategy class.

    ``fast: int = parameter(10, minimum=1)``: the type is that of the annotation (bool, int, float or str). Inside the
    strategy the attribute is the value.
    """
    spec = ParameterSpec(
        name="",
        kind=type(default),
        default=default,
        minimum=minimum,
        maximum=maximum,
        exclusive_minimum=exclusive_minimum,
        exclusive_maximum=exclusive_maximum,
        step=step,
        choices=tuple(choices),
        description=description,
    )
    return cast("Value", spec)


def named(spec: ParameterSpec, name: str, annotation: object) -> ParameterSpec:
    """Return what ``parameter`` left in a class body as the spec of an attribute of that name and annotation.

    Raises ``TypeError`` for a default that its own bounds refuse.
    """
    kind = _KINDS.get(annotation, spec.kind)
    return with_default(replace(spec, name=name, kind=kind), spec.default)


def with_default(spec: ParameterSpec, default: object) -> ParameterSpec:
    """Return ``spec`` with another default; raises ``TypeError`` when its bounds refuse it."""
    try:
        return replace(spec, default=spec.checked(default))
    except ValueError as error:
        raise TypeError(f"the default {default!r} of parameter {spec.name} {error}") from None


def json_schema(specs: Iterable[ParameterSpec], title: str, description: str) -> dict[str, object]:
    """Return the JSON schema (draft 2020-12) of an object that holds the parameters; all of them are optional."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": title,
        "description": description,
        "type": "object",
        "properties": {spec.name: spec.json_schema() for spec in specs},
        "additionalProperties": False,
    }


def validated(specs: Iterable[ParameterSpec], given: Mapping[str, object]) -> dict[str, ParameterValue]:
    """Return every parameter's value, defaults filled in; raises ``InvalidRequest`` that names each wrong one."""
    known = {spec.name: spec for spec in specs}
    errors = [
        _error(name, "unknown", f"is no parameter of this strategy; known are: {', '.join(known) or 'none'}")
        for name in given
        if name not in known
    ]
    values: dict[str, ParameterValue] = {}
    for name, spec in known.items():
        try:
            values[name] = spec.checked(given.get(name, spec.default))
        except ValueError as error:
            errors.append(_error(name, "invalid", str(error)))
    raise_for(errors)
    return values


def raise_for(errors: list[FieldError]) -> None:
    """Raise ``InvalidRequest`` for all ``errors`` at once; nothing happens when there are none."""
    if errors:
        raise InvalidRequest("; ".join(f"{error.field} {error.message}" for error in errors), *errors)


def _error(name: str, code: str, message: str) -> FieldError:
    return FieldError(field=f"parameters.{name}", code=code, message=message)

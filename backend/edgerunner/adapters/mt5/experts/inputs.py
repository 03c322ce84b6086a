"""An EA's inputs: read from its source, checked against what the caller sent, written as a preset."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from decimal import Decimal

from edgerunner.domain.errors import FieldError, InvalidRequest
from edgerunner.domain.experts import InputKind, InputRange, InputSpec, InputValue
from edgerunner.domain.numbers import is_multiple, parse_plain, to_plain

_INTEGER_BITS = {"char": 8, "short": 16, "int": 32, "long": 64, "uchar": -8, "ushort": -16, "uint": -32, "ulong": -64}
"""Width of MQL5's integer types; negative = unsigned."""

_INPUT_LINE = re.compile(
    r"^[ \t]*s?input[ \t]+(?!group\b)(?:const[ \t]+)?(\w+)[ \t]+(\w+)[ \t]*"
    r"(?:=[ \t]*((?:\"(?:\\.|[^\"\\\n])*\"|[^;\"\n])*?))?[ \t]*;",
    re.MULTILINE,
)
_COMMENTS = re.compile(r'("(?:\\.|[^"\\\n])*")|//[^\n]*|/\*.*?\*/', re.DOTALL)
_TIME = re.compile(r"\d{4}\.\d{2}\.\d{2}(?: \d{2}:\d{2}(?::\d{2})?)?", re.ASCII)
_FORBIDDEN_TEXT = re.compile(r"[\x00-\x1f\x7f]|\|\|")


def read_inputs(source: str) -> tuple[InputSpec, ...]:
    """Return the inputs that MQL5 source declares, in its order; ``input group`` lines are no inputs.

    Enumerations are integers, as presets write them; what a macro makes is not seen.
    """
    plain = _COMMENTS.sub(lambda found: found[1] or " ", source)
    return tuple(_spec(*found.groups()) for found in _INPUT_LINE.finditer(plain))


def _spec(kind: str, name: str, default: str | None) -> InputSpec:
    spec = InputSpec(name=name, kind=_kind(kind), default=default)
    bits = _INTEGER_BITS.get(kind, 0)
    if bits < 0:
        return replace(spec, minimum=Decimal(0), maximum=Decimal(2**-bits - 1))
    if bits > 0:
        return replace(spec, minimum=Decimal(-(2 ** (bits - 1))), maximum=Decimal(2 ** (bits - 1) - 1))
    return spec


def _kind(word: str) -> InputKind:
    match word:
        case "bool":
            return InputKind.BOOLEAN
        case "double" | "float":
            return InputKind.NUMBER
        case "string":
            return InputKind.TEXT
        case "datetime":
            return InputKind.TIME
        case _:
            return InputKind.INTEGER


def preset_lines(
    specs: Iterable[InputSpec], values: Mapping[str, InputValue], ranges: Mapping[str, InputRange] | None = None
) -> list[str]:
    """Return the lines of a ``.set`` file: ``Name=value``, or ``Name=value||start||step||stop||Y`` where a range is.

    Raises ``InvalidRequest`` that names every unknown input, wrong type, value out of range and bad range.
    """
    known = {spec.name: spec for spec in specs}
    ranges = ranges or {}
    errors = [*_value_errors(known, values), *_range_errors(known, ranges)]
    if errors:
        raise InvalidRequest("; ".join(f"{error.field}: {error.message}" for error in errors), *errors)
    lines = [f"{name}={_written(value)}" for name, value in values.items() if name not in ranges]
    for name, span in ranges.items():
        value = _written(values.get(name, span.start))
        steps = "||".join(to_plain(part) for part in (span.start, span.step, span.stop))
        lines.append(f"{name}={value}||{steps}||Y")
    return lines


def _value_errors(known: Mapping[str, InputSpec], values: Mapping[str, InputValue]) -> Iterator[FieldError]:
    for name, value in values.items():
        problem = _problem(known[name], value) if name in known else _unknown(known)
        if problem:
            yield FieldError(field=f"inputs.{name}", code=problem[0], message=problem[1])


def _range_errors(known: Mapping[str, InputSpec], ranges: Mapping[str, InputRange]) -> Iterator[FieldError]:
    for name, span in ranges.items():
        problem = _range_problem(known[name], span) if name in known else _unknown(known)
        if problem:
            yield FieldError(field=f"ranges.{name}", code=problem[0], message=problem[1])


def _unknown(known: Mapping[str, InputSpec]) -> tuple[str, str]:
    return "unknown_input", f"is no input of this EA; it has {', '.join(sorted(known)) or 'none'}"


def _problem(spec: InputSpec, value: InputValue) -> tuple[str, str] | None:
    match spec.kind, value:
        case (InputKind.BOOLEAN, bool()):
            return None
        case (InputKind.INTEGER, int()) if not isinstance(value, bool):
            return _out_of_range(spec, Decimal(value))
        case (InputKind.NUMBER, int() | Decimal()) if not isinstance(value, bool):
            return _not_finite(Decimal(value)) or _out_of_range(spec, Decimal(value))
        case (InputKind.NUMBER, str()):
            return _bad_number(spec, value)
        case (InputKind.TEXT, str()):
            return _bad_text(value) or _no_choice(spec, value)
        case (InputKind.TIME, int()) if not isinstance(value, bool):
            return ("out_of_range", "must not lie before 1970") if value < 0 else None
        case (InputKind.TIME, str()):
            return None if _TIME.fullmatch(value) else ("wrong_type", "must look like 2026.11.23 or 2026.11.23 04:00")
        case _:
            return "wrong_type", f"must be {_a(spec.kind)}, not {_shown(value)}"


def _a(kind: InputKind) -> str:
    return f"an {kind.value}" if kind is InputKind.INTEGER else f"a {kind.value}"


def _shown(value: InputValue) -> str:
    return f"the text {value!r}" if isinstance(value, str) else _written(value)


def _not_finite(number: Decimal) -> tuple[str, str] | None:
    return None if number.is_finite() else ("wrong_type", "must be a finite number")


def _bad_number(spec: InputSpec, text: str) -> tuple[str, str] | None:
    try:
        return _out_of_range(spec, parse_plain(text))
    except ValueError as error:
        return "wrong_type", str(error)


def _out_of_range(spec: InputSpec, number: Decimal) -> tuple[str, str] | None:
    if spec.minimum is not None and number < spec.minimum:
        return "out_of_range", f"must be {to_plain(spec.minimum)} or more"
    if spec.maximum is not None and number > spec.maximum:
        return "out_of_range", f"must be {to_plain(spec.maximum)} or less"
    return _no_choice(spec, to_plain(number))


def _no_choice(spec: InputSpec, text: str) -> tuple[str, str] | None:
    if spec.choices and text not in spec.choices:
        return "out_of_range", f"must be one of {', '.join(spec.choices)}"
    return None


def _bad_text(text: str) -> tuple[str, str] | None:
    if _FORBIDDEN_TEXT.search(text):
        return "wrong_type", "must hold no line break, no control character and no || (which a preset cannot carry)"
    return None


def _range_problem(spec: InputSpec, span: InputRange) -> tuple[str, str] | None:
    if spec.kind not in {InputKind.INTEGER, InputKind.NUMBER}:
        return "wrong_type", f"an optimisation tries numbers, and this is {_a(spec.kind)}"
    if not all(part.is_finite() for part in (span.start, span.step, span.stop)):
        return "wrong_type", "must be finite numbers"
    if span.step <= 0 or span.stop < span.start:
        return "out_of_range", "step must be greater than 0, and stop not below start"
    parts = (span.start, span.step, span.stop)
    if spec.kind is InputKind.INTEGER and not all(is_multiple(part, Decimal(1)) for part in parts):
        return "wrong_type", "an integer is tried in whole numbers"
    return _out_of_range(spec, span.start) or _out_of_range(spec, span.stop)


def _written(value: InputValue) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case Decimal():
            return to_plain(value)
        case _:
            return str(value)

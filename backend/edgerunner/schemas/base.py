"""What all models of the wire have in common."""

import re
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StrictBool
from pydantic_core import PydanticCustomError

_WHOLE = re.compile(r"-?[0-9]{1,19}", re.ASCII)


def _whole_number(value: object) -> object:
    if isinstance(value, str) and not _WHOLE.fullmatch(value):
        raise PydanticCustomError("int_parsing", "must be a whole number in plain digits")
    return value


WholeNumber = Annotated[int, BeforeValidator(_whole_number)]
"""A whole number of a query: digits alone, no ``1_000``, no ``1.0``."""

Flag = StrictBool
"""A flag of a request: JSON true or false, no words and no numbers."""


def one_of(*words: str) -> Any:
    """Return the mark of a text in an answer that is always one of these words."""
    return Field(json_schema_extra={"enum": list(words)})


class RequestModel(BaseModel):
    """A request body or a set of query parameters; unknown fields are refused by name."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class AnswerModel(BaseModel):
    """An answer; no field has a default, so no key is ever omitted and absent is null."""

    model_config = ConfigDict(extra="forbid", frozen=True)

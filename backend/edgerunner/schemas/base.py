"""What all models of the wire have in common."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field, StrictBool

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

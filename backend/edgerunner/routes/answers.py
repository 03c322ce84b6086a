"""Ready answers: a model encoded once, without a second validation by the framework."""

from pydantic import BaseModel
from starlette.responses import Response

NOT_STORED = {"Cache-Control": "no-store"}
"""Account data belongs in no cache."""


def answer(model: BaseModel, status: int = 200) -> Response:
    """Return a model as a JSON response."""
    body = model.__pydantic_serializer__.to_json(model)
    return Response(body, status_code=status, media_type="application/json", headers=NOT_STORED)

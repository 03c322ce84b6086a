"""What the OpenAPI document says beyond what the framework reads off the handlers."""

from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from edgerunner.routes.errors import error_examples
from edgerunner.routes.rights import RIGHTS, Own
from edgerunner.schemas.problems import DeniedProblem, FieldProblem, Problem
from edgerunner.schemas.stream import STREAM_MODELS
from edgerunner.schemas.stream_data import CHANNEL_DATA

DESCRIPTION = """One API over Interactive Brokers, MetaTrader 5 and Bybit.

Prices, quantities and money are plain decimal strings without exponent, in requests and answers. Times are
RFC 3339 in UTC with microseconds. Absent is null, and answers omit no key. Unknown request fields and
query parameters are refused with 422. Send `Authorization: Bearer <API key or access token>` with every call
that is not marked as public; `x-required-right` says what the credential must hold. Every error is an RFC 9457
problem with a stable `code`.

The stream is `WS /ws/broker`: send `{"op":"authenticate","token":"<API key>"}` within 5 seconds, then
`{"op":"subscribe","channel":"orders"}`. Its messages are among the schemas of this document,
and `x-stream-channels` names the schema of each channel's `data`. With `from_seq`
(the last number seen) and `epoch` of a channel, missed deltas are replayed when they are still kept."""

TAGS = [
    {"name": "connections", "description": "Sessions with brokers. Credentials are stored encrypted, never shown."},
    {"name": "orders", "description": "Orders: placed, changed, canceled, read. One path for all of them."},
    {"name": "strategies", "description": "Strategies in processes of their own: made, started, watched."},
    {"name": "signals", "description": "Alerts and webhooks, each acted on once, and what became of them."},
    {"name": "risk", "description": "Limits, trading states, the kill switch, and the arming of live accounts."},
    {"name": "backtests", "description": "Strategies on history: runs in processes of their own, and their results."},
    {"name": "experts", "description": "MetaTrader 5's Expert Advisors: launched in own terminals, messaged, tested."},
    {"name": "accounts", "description": "Money and positions, derived from the ledger and compared with the broker."},
    {"name": "ledger", "description": "Fills and cash movements."},
    {"name": "market", "description": "Instruments, bars, quotes, books, funding; keyed by connection and instrument."},
    {"name": "datasets", "description": "Stored history: uploaded files and downloads, for backtests."},
    {"name": "journal", "description": "Everything that happened, for export."},
    {"name": "identity", "description": "Signing in, users, API keys, the audit log."},
    {"name": "operations", "description": "Health, metrics, configuration."},
]

_SECURITY_SCHEMES: dict[str, Any] = {
    "api_key": {
        "type": "http",
        "scheme": "bearer",
        "description": "The installation's own key, or an API key `er_<id>_<secret>` with some of a user's rights.",
    },
    "access_token": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": "The access token of `POST /auth/login`, good for 15 minutes.",
    },
}

_REFERENCE = "#/components/schemas/{model}"
_MODELS: tuple[type[BaseModel], ...] = (
    FieldProblem, Problem, DeniedProblem, *STREAM_MODELS, *CHANNEL_DATA.values(),
)  # fmt: skip


def completed(document: dict[str, Any]) -> dict[str, Any]:
    """Add the problem and stream models, the security scheme, and take out what is never answered."""
    _, definitions = models_json_schema([(model, "serialization") for model in _MODELS], ref_template=_REFERENCE)
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    schemas.update(definitions["$defs"])
    document["x-stream-channels"] = {
        name: {"$ref": _REFERENCE.format(model=model.__name__)} for name, model in CHANNEL_DATA.items()
    }
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    document["components"]["schemas"] = dict(sorted(schemas.items()))
    document["components"]["examples"] = error_examples()
    document["components"]["securitySchemes"] = _SECURITY_SCHEMES
    document["security"] = [{name: []} for name in _SECURITY_SCHEMES]
    _mark_rights(document["paths"])
    return document


def _mark_rights(paths: dict[str, Any]) -> None:
    """Say at every operation what it asks of its caller; one that a person alone may call takes no API key."""
    for path, operations in paths.items():
        for method, operation in operations.items():
            demand = RIGHTS.get((method.upper(), path))
            if demand is not None:
                operation["x-required-right"] = demand.value
            if demand is Own.PERSON:
                operation["security"] = [{"access_token": []}]

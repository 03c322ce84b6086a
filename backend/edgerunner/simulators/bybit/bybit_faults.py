"""Faults that only this venue has, and what the stream faults do to private messages."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from edgerunner.simulators.bybit import traps
from edgerunner.simulators.bybit.private_messages import EXECUTION, ORDER, PrivateMessage
from edgerunner.simulators.faults import FaultBox, FaultDefinition
from edgerunner.simulators.tasks import TaskOwner

_BYBIT: Final = frozenset({"bybit"})
DEFAULT_DELAY_S: Final = 5.0
DEFAULT_EMPTY_FIELDS: Final = "cumRealisedPnl,unrealisedPnl,totalAvailableBalance,avgPrice"

DEFINITIONS: Final = (
    FaultDefinition(
        name="bybit.rate_reset_in_past",
        description="10006 whose X-Bapi-Limit-Reset-Timestamp lies a second in the past.",
        brokers=_BYBIT,
    ),
    FaultDefinition(
        name="bybit.http_status",
        description="REST answers with an HTTP status and no JSON.",
        params={"status": "403, 429, 500, 502 ...; 502", "after_accept": "true: the venue acts first; false"},
        brokers=_BYBIT,
    ),
    FaultDefinition(
        name="bybit.empty_string_numbers",
        description="Numbers arrive as empty strings.",
        params={"fields": f"comma-separated, {DEFAULT_EMPTY_FIELDS}"},
        brokers=_BYBIT,
    ),
    FaultDefinition(
        name="bybit.unknown_fields", description="Objects carry fields that nobody knows yet.", brokers=_BYBIT
    ),
    FaultDefinition(
        name="bybit.unknown_word",
        description="A field holds a word that nobody knows yet.",
        params={"field": "its name, execType", "value": "the word, FutureWord"},
        brokers=_BYBIT,
    ),
    FaultDefinition(
        name="bybit.order_not_visible",
        description="REST order lists do not show the order yet (op query).",
        brokers=_BYBIT,
    ),
    FaultDefinition(
        name="bybit.execution_before_order",
        description="The execution message passes the order message.",
        brokers=_BYBIT,
    ),
    FaultDefinition(
        name="bybit.filled_before_new", description="The order message New follows Filled.", brokers=_BYBIT
    ),
    FaultDefinition(
        name="bybit.filled_twice",
        description="A second Filled with cancelType CancelByUser, as when a cancel lost the race.",
        brokers=_BYBIT,
    ),
    FaultDefinition(
        name="bybit.error_frame_without_topic",
        description="An error frame without topic comes before the next stream message.",
        brokers=_BYBIT,
    ),
    FaultDefinition(name="bybit.book_gap", description="One order book delta is missing.", brokers=_BYBIT),
    FaultDefinition(
        name="bybit.book_restart_u1", description="The book starts again with a snapshot of u = 1.", brokers=_BYBIT
    ),
    FaultDefinition(
        name="bybit.book_unknown_delete",
        description="A delta deletes a level that was never sent.",
        brokers=_BYBIT,
    ),
    *traps.DEFINITIONS,
)

ERROR_FRAME: Final[Mapping[str, Any]] = {
    "success": False,
    "ret_msg": "error:internal error, please resubscribe",
    "op": "",
}


def alter_result(faults: FaultBox, broker: str, result: Mapping[str, Any], *, op: str) -> Mapping[str, Any]:
    """Return ``result`` (a REST result or a stream object) as the active content faults have it."""
    if (params := faults.take(broker, "bybit.empty_string_numbers", op=op)) is not None:
        names = frozenset(str(params.get("fields", DEFAULT_EMPTY_FIELDS)).split(","))
        result = _rewritten(result, lambda name, value: "" if name in names and isinstance(value, str) else value)
    if (params := faults.take(broker, "bybit.unknown_word", op=op)) is not None:
        field, word = str(params.get("field", "execType")), str(params.get("value", "FutureWord"))
        result = _rewritten(result, lambda name, value: word if name == field else value)
    if any(faults.peek(broker, name) is not None for name in traps.WALLET_TRAPS):
        result = _with_altered_coins(result, lambda coin: traps.altered_coin(faults, broker, coin, op))
    if faults.take(broker, "bybit.unknown_fields", op=op) is not None:
        result = _with_unknown_fields(result)
    return result


def arrange(faults: FaultBox, broker: str, messages: Sequence[PrivateMessage]) -> list[PrivateMessage]:
    """Return the messages of one batch in the order, and with the extras, that the active faults want."""
    arranged: list[PrivateMessage] = []
    for message in messages:
        arranged.append(message)
        if message.topic == ORDER and message.data[0]["orderStatus"] == "Filled":
            arranged.extend(_after_filled(faults, broker, message))
    executions = [message for message in arranged if message.topic == EXECUTION]
    if executions and _takes(faults, broker, "bybit.execution_before_order", executions[0]):
        arranged = executions + [message for message in arranged if message.topic != EXECUTION]
    return arranged


class StreamDisturbance:
    """Passes private messages on, doubled, swapped or late as the active faults have it."""

    def __init__(
        self, broker: str, faults: FaultBox, deliver: Callable[[PrivateMessage], None], tasks: TaskOwner
    ) -> None:
        self._broker = broker
        self._faults = faults
        self._deliver = deliver
        self._tasks = tasks
        self._passed_over: list[PrivateMessage] = []

    def pass_on(self, message: PrivateMessage) -> None:
        """Deliver ``message`` now, later, or after the one that follows it."""
        message = replace(
            message, data=[alter_result(self._faults, self._broker, item, op="stream") for item in message.data]
        )
        if self._take("reorder_events", message) is not None:
            self._passed_over.append(message)
            return
        if (params := self._take("late_event", message)) is not None:
            self._tasks.start(self._deliver_late(message, number(params, "delay_s", DEFAULT_DELAY_S)))
        else:
            self._deliver_copies(message)
        passed_over, self._passed_over = self._passed_over, []
        for earlier in passed_over:
            self._deliver(earlier)

    def _deliver_copies(self, message: PrivateMessage) -> None:
        params = self._take("duplicate_event", message)
        copies = 0 if params is None else int(number(params, "copies", 1))
        for _ in range(1 + copies):
            self._deliver(message)

    async def _deliver_late(self, message: PrivateMessage, delay_s: float) -> None:
        await asyncio.sleep(delay_s)
        self._deliver(message)

    def _take(self, name: str, message: PrivateMessage) -> Mapping[str, object] | None:
        return self._faults.take(self._broker, name, op="stream", client_key=message.client_key, symbol=message.symbol)


def number(params: Mapping[str, object], name: str, default: float) -> float:
    """Return a numeric parameter of a fault, or ``default`` when it is absent."""
    value = params.get(name, default)
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        raise TypeError(f"fault parameter {name} must be a number")
    return float(value)


def _after_filled(faults: FaultBox, broker: str, message: PrivateMessage) -> list[PrivateMessage]:
    extras = []
    if _takes(faults, broker, "bybit.filled_before_new", message):
        extras.append(_with_words(message, _new_words(message.data[0])))
    if _takes(faults, broker, "bybit.filled_twice", message):
        words = {"cancelType": "CancelByUser", "rejectReason": "EC_OrigClOrdIDDoesNotExist"}
        extras.append(_with_words(message, words))
    return extras


def _new_words(filled: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "orderStatus": "New",
        "avgPrice": "",
        "leavesQty": filled["qty"],
        "cumExecQty": "0",
        "cumExecValue": "0",
        "cumExecFee": "0",
        "cumFeeDetail": {},
        "closedPnl": "0",
        "updatedTime": filled["createdTime"],
    }


def _with_words(message: PrivateMessage, words: Mapping[str, Any]) -> PrivateMessage:
    return replace(message, data=[{**message.data[0], **words}])


def _takes(faults: FaultBox, broker: str, name: str, message: PrivateMessage) -> bool:
    return faults.take(broker, name, op="stream", client_key=message.client_key, symbol=message.symbol) is not None


def _rewritten(value: Any, change: Callable[[str, Any], Any]) -> Any:
    if isinstance(value, Mapping):
        return {name: _rewritten(change(name, item), change) for name, item in value.items()}
    if isinstance(value, list):
        return [_rewritten(item, change) for item in value]
    return value


def _with_altered_coins(value: Any, change: Callable[[Mapping[str, Any]], Mapping[str, Any]]) -> Any:
    if isinstance(value, Mapping):
        known = {name: _with_altered_coins(item, change) for name, item in value.items()}
        return change(known) if "walletBalance" in known else known
    if isinstance(value, list):
        return [_with_altered_coins(item, change) for item in value]
    return value


def _with_unknown_fields(value: Any) -> Any:
    if isinstance(value, Mapping):
        known = {name: _with_unknown_fields(item) for name, item in value.items()}
        return {**known, "fieldFromTheFuture": {"nested": ["1", None]}}
    if isinstance(value, list):
        return [_with_unknown_fields(item) for item in value]
    return value

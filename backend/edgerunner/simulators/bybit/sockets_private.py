"""The private socket, ``/v5/private``: authentication, topics, and messages of one account."""

import uuid
from collections.abc import Mapping
from typing import Any, Final

from edgerunner.simulators.bybit import bybit_faults, codes, dead_man, formats, sockets
from edgerunner.simulators.bybit.auth import KeyTable
from edgerunner.simulators.bybit.dead_man import DeadMan
from edgerunner.simulators.bybit.demo import DEMO
from edgerunner.simulators.bybit.private_hub import PrivateHub
from edgerunner.simulators.bybit.private_messages import FAST_EXECUTION, PrivateMessage
from edgerunner.simulators.bybit.session import SocketSession

_CATEGORISED: Final[Mapping[str, frozenset[str]]] = {
    "order": frozenset({"spot", "linear", "inverse", "option"}),
    "execution": frozenset({"spot", "linear", "inverse", "option"}),
    "execution.fast": frozenset({"spot", "linear", "inverse", "option"}),
    "position": frozenset({"linear", "inverse", "option"}),
}
_SILENT_TOPICS: Final = frozenset({"greeks", "dcp.future", "dcp.spot", "dcp.option"})
ALL_IN_ONE: Final = frozenset({*_CATEGORISED, "wallet", *_SILENT_TOPICS})


class PrivateSocket:
    """One private connection."""

    def __init__(self, session: SocketSession, hub: PrivateHub, keys: KeyTable, dead_man: DeadMan) -> None:
        self._session = session
        self._dead_man = dead_man
        self._is_demo = False
        self._hub = hub
        self._keys = keys
        self._topics: set[str] = set()
        self.account_id = ""

    @property
    def topics(self) -> frozenset[str]:
        """Return the subscribed topics."""
        return frozenset(self._topics)

    async def handle(self, raw: bytes) -> None:
        """Answer one frame."""
        request: dict[str, Any] = {}
        try:
            request = sockets.parse_frame(raw)
            self._answer(request)
        except codes.WireError as error:
            self._reply(request, success=False, text=error.text)

    def close(self) -> None:
        """Stop listening; what this socket guarded is not guarded by it any more."""
        self._hub.detach(self)
        self._drop(self._topics)

    def wants(self, message: PrivateMessage) -> bool:
        """Tell whether the message's topic is subscribed, in either form."""
        return not self._topics.isdisjoint(_forms(message))

    def deliver(self, message: PrivateMessage) -> None:
        """Send the message in each subscribed form."""
        for topic in _forms(message):
            if topic in self._topics:
                self._send(topic, message)

    def _send(self, topic: str, message: PrivateMessage) -> None:
        faults, broker = self._hub.faults, self._hub.venue.name
        if (
            faults.take(broker, "stall_stream", op="stream", client_key=message.client_key, symbol=message.symbol)
            is not None
        ):
            self._session.is_stalled = True
        if faults.take(broker, "bybit.error_frame_without_topic", op="stream") is not None:
            self._session.send_json(dict(bybit_faults.ERROR_FRAME))
        now_ms = formats.milliseconds(self._hub.venue.now_ns())
        identity = {} if message.topic == FAST_EXECUTION else {"id": uuid.uuid4().hex}
        self._session.send_json({**identity, "topic": topic, "creationTime": now_ms, "data": list(message.data)})

    def _answer(self, request: Mapping[str, Any]) -> None:
        match request.get("op"):
            case "ping":
                self._session.send_json(self._pong(request))
            case "auth":
                key = sockets.authenticate(request, self._keys, formats.milliseconds(self._hub.venue.wall_now_ns()))
                self.account_id = key.account_id
                self._is_demo = key.environment == DEMO
                self._hub.attach(self)
                self._reply(request, success=True, text="")
            case "subscribe":
                self._subscribe(request)
                self._reply(request, success=True, text="")
            case "unsubscribe":
                self._drop(self._topics.intersection(sockets.parse_topics(request)))
                self._reply(request, success=True, text="")
            case _:
                raise codes.parameter_error("error:op type is not found")

    def _subscribe(self, request: Mapping[str, Any]) -> None:
        if not self.account_id:
            raise codes.parameter_error("Request not authorized")
        topics = sockets.parse_topics(request)
        for topic in topics:
            if not _is_known(topic):
                raise codes.parameter_error(f"error:handler not found,topic:{topic}")
        forms = {topic in ALL_IN_ONE for topic in topics if topic not in {"wallet", *_SILENT_TOPICS}}
        if len(forms) > 1:
            raise codes.parameter_error("error:all-in-one and categorised topics cannot be in the same request")
        if self._is_demo and any(topic in dead_man.TOPICS for topic in topics):
            raise codes.WireError(codes.DEMO_UNSUPPORTED)
        for topic in set(topics).intersection(dead_man.TOPICS) - self._topics:
            self._dead_man.guard(self.account_id, topic)
        self._topics.update(topics)

    def _drop(self, topics: set[str]) -> None:
        for topic in topics.intersection(dead_man.TOPICS):
            self._dead_man.leave(self.account_id, topic)
        self._topics = self._topics - topics

    def _pong(self, request: Mapping[str, Any]) -> dict[str, Any]:
        now_ms = formats.milliseconds_text(self._hub.venue.wall_now_ns())
        return {
            **sockets.echo(request, "req_id"),
            "op": "pong",
            "args": [now_ms],
            "conn_id": self._session.connection_id,
        }

    def _reply(self, request: Mapping[str, Any], *, success: bool, text: str) -> None:
        operation = request.get("op")
        self._session.send_json(
            {
                "success": success,
                "ret_msg": text,
                "op": operation if isinstance(operation, str) else "",
                "conn_id": self._session.connection_id,
                **sockets.echo(request, "req_id"),
            }
        )


def _forms(message: PrivateMessage) -> tuple[str, str]:
    return (message.topic, f"{message.topic}.{message.category}")


def _is_known(topic: str) -> bool:
    if topic in ALL_IN_ONE:
        return True
    base, _, category = topic.rpartition(".")
    return category in _CATEGORISED.get(base, frozenset())

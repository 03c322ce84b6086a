"""The public sockets, ``/v5/public/{category}``: topics and the shapes of their answers.

The answers differ by category, as the page "Connect" of the Bybit V5 documentation shows.
"""

from collections.abc import Mapping
from typing import Any, Final

from edgerunner.simulators.bybit import bybit_faults, codes, formats, sockets
from edgerunner.simulators.bybit.categories import Category
from edgerunner.simulators.bybit.public_hub import PublicHub
from edgerunner.simulators.bybit.session import SocketSession

SPOT_TOPICS_PER_REQUEST: Final = 10
OPTION_TOPICS_PER_CONNECTION: Final = 2000
TOPIC_CHARACTERS_PER_CONNECTION: Final = 21_000


class PublicSocket:
    """One public connection of one category."""

    def __init__(self, session: SocketSession, category: Category, hub: PublicHub) -> None:
        self._session = session
        self._category = category
        self._hub = hub
        self._topics: set[str] = set()

    async def handle(self, raw: bytes) -> None:
        """Answer one frame."""
        request: dict[str, Any] = {}
        try:
            request = sockets.parse_frame(raw)
            self._answer(request)
        except codes.WireError as error:
            self._session.send_json(self._failure(request, error.text))

    def close(self) -> None:
        """Leave every topic."""
        for topic in list(self._topics):
            self._hub.unsubscribe(self._category, topic, self)
        self._topics.clear()

    def deliver(self, payload: bytes, symbol: str) -> None:
        """Queue one encoded message."""
        faults, broker = self._hub.faults, self._hub.venue.name
        if faults.take(broker, "stall_stream", op="stream", symbol=symbol) is not None:
            self._session.is_stalled = True
        if faults.take(broker, "bybit.error_frame_without_topic", op="stream", symbol=symbol) is not None:
            self._session.send_json(dict(bybit_faults.ERROR_FRAME))
        self._session.send(payload)

    def _answer(self, request: Mapping[str, Any]) -> None:
        match request.get("op"):
            case "ping":
                self._session.send_json(self._pong(request))
            case "subscribe":
                topics = self._checked_topics(request)
                self._session.send_json(self._success(request, "subscribe", topics))
                for topic in topics:
                    self._topics.add(topic)
                    self._hub.subscribe(self._category, topic, self)
            case "unsubscribe":
                topics = sockets.parse_topics(request)
                for topic in topics:
                    self._topics.discard(topic)
                    self._hub.unsubscribe(self._category, topic, self)
                self._session.send_json(self._success(request, "unsubscribe", topics))
            case _:
                raise codes.parameter_error("error:op type is not found")

    def _checked_topics(self, request: Mapping[str, Any]) -> list[str]:
        topics = list(dict.fromkeys(sockets.parse_topics(request)))
        if self._category.is_spot and len(topics) > SPOT_TOPICS_PER_REQUEST:
            raise codes.parameter_error("error:args size >10")
        for topic in topics:
            if topic in self._topics:
                raise codes.parameter_error(f"error:already subscribed,topic:{topic}")
            self._hub.check(self._category, topic)
        characters = sum(len(topic) for topic in (*self._topics, *topics))
        if characters > TOPIC_CHARACTERS_PER_CONNECTION:
            raise codes.parameter_error(f"error:args longer than {TOPIC_CHARACTERS_PER_CONNECTION} characters")
        if self._category is Category.OPTION and len(self._topics) + len(topics) > OPTION_TOPICS_PER_CONNECTION:
            raise codes.parameter_error(f"error:more than {OPTION_TOPICS_PER_CONNECTION} topics")
        return topics

    def _pong(self, request: Mapping[str, Any]) -> dict[str, Any]:
        if self._category is Category.OPTION:
            return {"args": [formats.milliseconds_text(self._hub.venue.wall_now_ns())], "op": "pong"}
        return {
            "success": True,
            "ret_msg": "pong",
            "conn_id": self._session.connection_id,
            **self._request_id(request),
            "op": "ping",
        }

    def _success(self, request: Mapping[str, Any], operation: str, topics: list[str]) -> dict[str, Any]:
        if self._category is Category.OPTION:
            return self._option_reply(failed=[], succeeded=topics)
        return {
            "success": True,
            "ret_msg": operation if self._category.is_spot else "",
            "conn_id": self._session.connection_id,
            **self._request_id(request),
            "op": operation,
        }

    def _failure(self, request: Mapping[str, Any], text: str) -> dict[str, Any]:
        operation, topics = request.get("op"), request.get("args")
        if self._category is Category.OPTION and operation == "subscribe" and isinstance(topics, list):
            return self._option_reply(failed=topics, succeeded=[])
        return {
            "success": False,
            "ret_msg": text,
            "conn_id": self._session.connection_id,
            "req_id": sockets.echo(request, "req_id").get("req_id", ""),
            "op": operation if isinstance(operation, str) else "",
        }

    def _option_reply(self, *, failed: list[Any], succeeded: list[str]) -> dict[str, Any]:
        return {
            "success": not failed,
            "conn_id": self._session.connection_id,
            "data": {"failTopics": failed, "successTopics": succeeded},
            "type": "COMMAND_RESP",
        }

    def _request_id(self, request: Mapping[str, Any]) -> dict[str, Any]:
        sent = sockets.echo(request, "req_id")
        return sent if sent or self._category.is_spot else {"req_id": ""}

"""What the three kinds of sockets share: reading frames, authenticating."""

from collections.abc import Mapping
from typing import Any

import orjson

from edgerunner.simulators.bybit import auth, codes
from edgerunner.simulators.bybit.auth import ApiKey, KeyTable


def parse_frame(raw: bytes) -> dict[str, Any]:
    """Return the JSON object of a text frame; raise 10001 when it is none."""
    try:
        frame = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise codes.parameter_error("error:request is not valid JSON") from error
    if not isinstance(frame, dict):
        raise codes.parameter_error("error:request is not a JSON object")
    return frame


def parse_topics(frame: Mapping[str, Any]) -> list[str]:
    """Return the topics of ``args``; raise 10001 when they are no list of text."""
    topics = frame.get("args")
    if not isinstance(topics, list) or not topics or not all(isinstance(topic, str) for topic in topics):
        raise codes.parameter_error("error:invalid args")
    return topics


def authenticate(frame: Mapping[str, Any], keys: KeyTable, server_ms: int) -> ApiKey:
    """Check an ``auth`` frame: ``[key, expires, signature]``; ``expires`` may be a number or text.

    Raises 10001 for a wrong frame or when ``expires`` has passed, 10003 and 10004 otherwise.
    """
    args = frame.get("args")
    if not isinstance(args, list) or len(args) != 3:
        raise codes.parameter_error("Params Error")
    key_text, expires, signature = args
    if isinstance(expires, int) and not isinstance(expires, bool):
        expires = str(expires)
    if not isinstance(key_text, str) or not isinstance(expires, str) or not isinstance(signature, str):
        raise codes.parameter_error("Params Error")
    key = keys.find(key_text)
    if auth.parse_milliseconds(expires, "expires") <= server_ms:
        raise codes.parameter_error("Params Error: expires has passed")
    auth.verify_signature(key, auth.socket_payload(expires), signature)
    return key


def echo(frame: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Return the request id as it was sent (number or text), or nothing when there was none."""
    request_id = frame.get(name)
    return {name: request_id} if isinstance(request_id, (str, int)) else {}

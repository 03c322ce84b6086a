"""Health and configuration on the wire."""

from typing import Literal

from edgerunner.schemas.base import AnswerModel
from edgerunner.schemas.scalars import TimeText


class RedisAnswer(AnswerModel):
    """Whether Redis answers, since when, and what is wrong with it. Trading goes on without it."""

    status: Literal["up", "down"]
    since: TimeText
    reason: str | None


class HealthzAnswer(AnswerModel):
    """The process is alive; ``redis`` is null where none is configured."""

    status: Literal["ok"]
    redis: RedisAnswer | None


class NotReadyReason(AnswerModel):
    """One thing that keeps new orders from being taken."""

    code: str
    detail: str
    connection_id: str | None


class ReadyzAnswer(AnswerModel):
    """Whether new orders are taken on every connection, and why not."""

    ready: bool
    reasons: list[NotReadyReason]


class ConfigAnswer(AnswerModel):
    """What a screen must know before it has a key."""

    name: str
    version: str
    api_path: str
    stream_path: str
    base_currency: str
    live_allowed: bool

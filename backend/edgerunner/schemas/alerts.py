"""Alerts on the wire."""

from typing import Annotated

from edgerunner.schemas.base import AnswerModel, one_of
from edgerunner.schemas.scalars import TimeText


class AlertAnswer(AnswerModel):
    """One thing somebody should look at; ``connection_id`` null = the whole installation.

    ``execution``: of that connection, ``local`` = a paper account; null without one.
    """

    alert_id: str
    level: Annotated[str, one_of("info", "warning", "critical")]
    code: str
    text: str
    connection_id: str | None
    execution: str | None
    time: TimeText


class AlertList(AnswerModel):
    """Alerts, newest first."""

    alerts: list[AlertAnswer]

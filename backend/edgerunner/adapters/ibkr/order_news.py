"""What is heard about one order while a command waits for its answer, and what each command concludes from it."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from edgerunner.adapters.broker import OrderAck
from edgerunner.adapters.ibkr.order_words import CANCELED_WORDS, Verdict, verdict_of
from edgerunner.domain.errors import BrokerRejected, EdgerunnerError


@dataclass(frozen=True, slots=True, kw_only=True)
class Echo:
    """An openOrder, orderStatus or execution showed the order; ``perm_id`` 0 when it did not say one."""

    perm_id: int
    status: str | None = None
    terms: tuple[Decimal, Decimal | None, Decimal | None] | None = None
    """Quantity, price and trigger price as an openOrder shows them; None from other messages."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """An error code that carries the order's id."""

    code: int
    text: str

    def error(self) -> BrokerRejected:
        """Return the refusal as our error."""
        return BrokerRejected(str(self.code), self.text)


News = Echo | Refusal
Judgement = OrderAck | EdgerunnerError | None
Judge = Callable[[News], Judgement]


class Expectation:
    """A command that waits for its answer. ``doubt`` is the last code that proves nothing by itself."""

    def __init__(self, judge: Judge) -> None:
        self._judge = judge
        self.answer: asyncio.Future[OrderAck] = asyncio.get_running_loop().create_future()
        self.doubt: Refusal | None = None
        self.doubted = asyncio.Event()

    def hear(self, news: News) -> None:
        """Judge one piece of news."""
        if self.answer.done():
            return
        match self._judge(news):
            case OrderAck() as ack:
                self.answer.set_result(ack)
            case EdgerunnerError() as error:
                self.answer.set_exception(error)
            case None if isinstance(news, Refusal) and verdict_of(news.code) is not Verdict.NOTICE:
                self.doubt = news
                self.doubted.set()

    def fail(self, error: EdgerunnerError) -> None:
        """End the wait."""
        if not self.answer.done():
            self.answer.set_exception(error)


def judge_placement(news: News) -> Judgement:
    """Any sign of the order is an acknowledgement; a refusing code before any sign is a refusal."""
    if isinstance(news, Echo):
        return _ack(news.perm_id)
    return news.error() if verdict_of(news.code) is Verdict.REFUSED else None


def judge_change(wanted: tuple[Decimal, Decimal | None, Decimal | None]) -> Judge:
    """Return a judge that waits for an openOrder with the wanted quantity, price and trigger price."""

    def judge(news: News) -> Judgement:
        if isinstance(news, Echo):
            return _ack(news.perm_id) if news.terms == wanted else None
        return None if verdict_of(news.code) in {Verdict.NOTICE, Verdict.UNCERTAIN} else news.error()

    return judge


def judge_cancel(news: News) -> Judgement:
    """A cancel is acknowledged by its status or by code 202."""
    if isinstance(news, Echo):
        return _ack(news.perm_id) if news.status in CANCELED_WORDS else None
    match verdict_of(news.code):
        case Verdict.ENDED:
            return OrderAck(venue_order_id=None)
        case Verdict.REFUSED:
            return news.error()
        case _:
            return None


def _ack(perm_id: int) -> OrderAck:
    return OrderAck(venue_order_id=str(perm_id) if perm_id else None)

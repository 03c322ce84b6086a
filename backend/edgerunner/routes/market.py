"""Instruments and market data."""

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import Response

from edgerunner.routes.answers import answer
from edgerunner.routes.context import ServicesOf
from edgerunner.routes.errors import error_responses, require
from edgerunner.routes.strict import StrictRoute
from edgerunner.schemas.market import (
    BarAnswer,
    BarList,
    DepthAnswer,
    DepthQuery,
    FundingAnswer,
    FundingQuery,
    InstrumentAnswer,
    InstrumentList,
    InstrumentsQuery,
    MarketQuery,
    OhlcQuery,
    TickerAnswer,
)

router = APIRouter(tags=["market"], route_class=StrictRoute)

_ERRORS = error_responses(
    "not_found", "not_connected", "broker_unreachable", "broker_error", "broker_timeout", "unsupported"
)


@router.get("/instruments", response_model=InstrumentList, responses=_ERRORS)
async def instruments(query: Annotated[InstrumentsQuery, Query()], services: ServicesOf) -> Response:
    """Return instruments whose name holds `query` (all for none), or the one with `instrument_id`."""
    require(query.rule_errors())
    found = await services.markets.instruments(
        query.connection_id, query=query.query, instrument_id=query.instrument_id
    )
    rendered = [InstrumentAnswer.of(query.connection_id, instrument) for instrument in found]
    return answer(InstrumentList(instruments=rendered))


@router.get("/market/ohlc", response_model=BarList, responses=_ERRORS)
async def ohlc(query: Annotated[OhlcQuery, Query()], services: ServicesOf) -> Response:
    """Return bars, oldest first: the newest `limit` of the interval."""
    require(query.rule_errors())
    bars = await services.markets.ohlc(
        query.connection_id,
        query.instrument_id,
        query.timeframe,
        start_ns=query.start,
        end_ns=query.end,
        limit=query.limit,
    )
    return answer(BarList(bars=[BarAnswer.of(bar) for bar in bars]))


@router.get("/market/ticker", response_model=TickerAnswer, responses=_ERRORS)
async def ticker(query: Annotated[MarketQuery, Query()], services: ServicesOf) -> Response:
    """Return the newest quote, last, mark and index price."""
    quote = await services.markets.ticker(query.connection_id, query.instrument_id)
    return answer(TickerAnswer.of(quote.ticker, is_stale=quote.is_stale))


@router.get("/market/depth", response_model=DepthAnswer, responses=_ERRORS)
async def depth(query: Annotated[DepthQuery, Query()], services: ServicesOf) -> Response:
    """Return the best levels of both sides of the book."""
    book = await services.markets.depth(query.connection_id, query.instrument_id, query.limit)
    return answer(DepthAnswer.of(book, query.limit))


@router.get("/market/funding", response_model=FundingAnswer, responses=_ERRORS)
async def funding(query: Annotated[FundingQuery, Query()], services: ServicesOf) -> Response:
    """Return past funding rates, oldest first, and the next one."""
    return answer(
        FundingAnswer.of(await services.markets.funding(query.connection_id, query.instrument_id, query.limit))
    )

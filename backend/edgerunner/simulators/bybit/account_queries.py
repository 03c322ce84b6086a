"""Account, position and asset queries, and the few account settings."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from edgerunner.simulators.bybit import codes, formats, position_objects, wallet_objects
from edgerunner.simulators.bybit.auth import ApiKey
from edgerunner.simulators.bybit.categories import Category, venue_key
from edgerunner.simulators.bybit.envelope import Answer
from edgerunner.simulators.bybit.order_request import parse_category
from edgerunner.simulators.bybit.selection import has_selector, select_symbols, symbols_of
from edgerunner.simulators.venue import Venue
from edgerunner.simulators.venue_types import RejectReason, VenueInstrument, VenuePosition, VenueReject

MISSING_POSITION_SELECTOR: Final = "Missing some parameters that must be filled in, symbol or settleCoin"
_DERIVATIVES: Final = frozenset({Category.LINEAR, Category.INVERSE, Category.OPTION})


class AccountQueries:
    """Reads and sets what belongs to one account."""

    def __init__(self, venue: Venue) -> None:
        self._venue = venue

    def wallet_balance(self, caller: ApiKey, params: Mapping[str, str]) -> Answer:
        """Return totals in USD and the coins (all that are not empty, or those of ``coin``)."""
        if params.get("accountType") != "UNIFIED":
            raise codes.parameter_error("accountType only support UNIFIED.")
        coins = [coin for coin in params.get("coin", "").split(",") if coin]
        return Answer(result={"list": [wallet_objects.wallet_object(self._venue, caller.account_id, coins or None)]})

    def account_info(self, _caller: ApiKey, _params: Mapping[str, str]) -> Answer:
        """Return margin mode and status flags of the account."""
        return Answer(
            result={
                "marginMode": "REGULAR_MARGIN",
                "updatedTime": "0",
                "unifiedMarginStatus": 5,
                "dcpStatus": "OFF",
                "timeWindow": 0,
                "smpGroup": 0,
                "isMasterTrader": False,
                "spotHedgingStatus": "OFF",
            }
        )

    def fee_rate(self, _caller: ApiKey, params: Mapping[str, str]) -> Answer:
        """Return the fee rates of a symbol, or of every symbol of the category."""
        category = parse_category(params)
        chosen = (
            select_symbols(self._venue.instruments, category, params)
            if has_selector(params)
            else symbols_of(self._venue.instruments, category)
        )
        return Answer(
            result={
                "category": category.value,
                "list": [_fee_row(self._venue.instruments[symbol]) for symbol in sorted(chosen)],
            }
        )

    def key_info(self, caller: ApiKey, _params: Mapping[str, str]) -> Answer:
        """Return what the key may do; ``uta`` 1 = a unified account."""
        now = datetime.fromtimestamp(self._venue.wall_now_ns() // 1_000_000_000, UTC)
        return Answer(message="", result=_key_object(caller, now))

    def coin_info(self, _caller: ApiKey, params: Mapping[str, str]) -> Answer:
        """Return the coins of the venue; deposits and withdrawals do not exist here."""
        coins = sorted(
            {
                coin
                for item in self._venue.instruments.values()
                for coin in (item.instrument.base, item.instrument.quote)
            }
        )
        wanted = params.get("coin", "")
        return Answer(message="success", result={"rows": [_coin_row(coin) for coin in coins if wanted in {"", coin}]})

    def position_list(self, caller: ApiKey, params: Mapping[str, str]) -> Answer:
        """Return positions: with ``symbol`` also a flat one, otherwise open ones only."""
        category = _derivative_category(params)
        if category is Category.LINEAR and not has_selector(params):
            raise codes.parameter_error(MISSING_POSITION_SELECTOR)
        chosen = select_symbols(self._venue.instruments, category, params)
        return Answer(
            result={
                "list": [
                    position_objects.position_object(self._venue, position)
                    for position in self._positions(caller.account_id, chosen, with_flat=bool(params.get("symbol")))
                ],
                "nextPageCursor": "",
                "category": category.value,
            }
        )

    def set_leverage(self, caller: ApiKey, body: Mapping[str, Any]) -> Answer:
        """Set the leverage of a symbol; both sides must be equal in one-way mode."""
        symbol = self._derivative_symbol(body)
        buy, sell = _leverage(body, "buyLeverage"), _leverage(body, "sellLeverage")
        if buy != sell:
            raise codes.parameter_error("buy leverage not equal sell leverage")
        try:
            self._venue.set_leverage(caller.account_id, symbol, buy)
        except VenueReject as refused:
            if refused.reason is RejectReason.NOT_MODIFIED:
                raise codes.WireError(codes.LEVERAGE_NOT_MODIFIED) from refused
            raise codes.WireError(codes.refusal_of(refused.reason, Category.LINEAR)) from refused
        return Answer()

    def switch_mode(self, _caller: ApiKey, body: Mapping[str, Any]) -> Answer:
        """Accept one-way mode (110025, it is so already) and refuse hedge mode."""
        if _derivative_category(body) is not Category.LINEAR:
            raise codes.parameter_error("params error: category invalid")
        if not body.get("symbol") and not body.get("coin"):
            raise codes.parameter_error("params error: symbol or coin is required")
        mode = body.get("mode")
        if isinstance(mode, bool) or mode not in (0, 3):
            raise codes.parameter_error("params error: mode invalid")
        if mode == 0:
            raise codes.WireError(codes.POSITION_MODE_NOT_MODIFIED)
        raise codes.WireError(codes.HEDGE_MODE_UNAVAILABLE)

    def _positions(self, account_id: str, chosen: frozenset[str], *, with_flat: bool) -> list[VenuePosition]:
        if with_flat:
            return [self._venue.position(account_id, symbol) for symbol in chosen]
        return [position for position in self._venue.positions(account_id) if position.symbol in chosen]

    def _derivative_symbol(self, body: Mapping[str, Any]) -> str:
        category, name = _derivative_category(body), body.get("symbol")
        symbol = venue_key(category, name) if isinstance(name, str) else ""
        if symbol not in self._venue.instruments:
            raise codes.WireError(codes.refusal_of(RejectReason.UNKNOWN_SYMBOL, category))
        return symbol


def _derivative_category(params: Mapping[str, Any]) -> Category:
    category = parse_category(params)
    if category not in _DERIVATIVES:
        raise codes.parameter_error("params error: category invalid")
    return category


def _leverage(body: Mapping[str, Any], name: str) -> Decimal:
    text = body.get(name)
    try:
        leverage = Decimal(text) if isinstance(text, str) else None
    except InvalidOperation:
        leverage = None
    if leverage is None or not leverage.is_finite() or leverage <= 0:
        raise codes.parameter_error(f"params error: {name} invalid")
    return leverage


def _fee_row(instrument: VenueInstrument) -> dict[str, str]:
    return {
        "symbol": instrument.name,
        "baseCoin": "",
        "takerFeeRate": formats.exact_text(instrument.fees.taker),
        "makerFeeRate": formats.exact_text(instrument.fees.maker),
    }


def _coin_row(coin: str) -> dict[str, Any]:
    return {"name": coin, "coin": coin, "remainAmount": "0", "chains": []}


def _key_object(caller: ApiKey, now: datetime) -> dict[str, Any]:
    orders = ["Order", "Position"]
    return {
        "id": str(caller.user_id),
        "note": f"simulated {caller.environment} key",
        "apiKey": caller.key,
        "readOnly": int(caller.read_only),
        "secret": "",
        "permissions": {
            "ContractTrade": orders,
            "Spot": ["SpotTrade"],
            "Wallet": [],
            "Options": [],
            "Derivatives": ["DerivativesTrade"],
            "CopyTrading": [],
            "BlockTrade": [],
            "Exchange": [],
            "NFT": [],
            "Affiliate": [],
            "Earn": [],
        },
        "ips": ["*"],
        "type": 1,
        "deadlineDay": 90,
        "expiredAt": _utc_text(now + timedelta(days=90)),
        "createdAt": _utc_text(now),
        "unified": 0,
        "uta": 1,
        "userID": caller.user_id,
        "inviterID": 0,
        "vipLevel": "No VIP",
        "mktMakerLevel": "0",
        "affiliateID": 0,
        "rsaPublicKey": caller.public_key_pem or "",
        "isMaster": True,
        "parentUid": "0",
        "kycLevel": "LEVEL_DEFAULT",
        "kycRegion": "",
    }


def _utc_text(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")

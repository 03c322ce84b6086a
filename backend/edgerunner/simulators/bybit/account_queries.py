"""Account, position and asset queries."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from edgerunner.simulators.bybit import codes, formats, position_objects, wallet_objects
from edgerunner.simulators.bybit.auth import ApiKey
from edgerunner.simulators.bybit.categories import Category
from edgerunner.simulators.bybit.dead_man import DeadMan
from edgerunner.simulators.bybit.envelope import Answer
from edgerunner.simulators.bybit.margin_settings import MODE_WORDS
from edgerunner.simulators.bybit.order_request import parse_category
from edgerunner.simulators.bybit.selection import has_selector, select_symbols, symbols_of
from edgerunner.simulators.venue import Venue
from edgerunner.simulators.venue_types import VenueInstrument, VenuePosition

MISSING_POSITION_SELECTOR: Final = "Missing some parameters that must be filled in, symbol or settleCoin"
_DERIVATIVES: Final = frozenset({Category.LINEAR, Category.INVERSE, Category.OPTION})


class AccountQueries:
    """Reads what belongs to one account."""

    def __init__(self, venue: Venue, dead_man: DeadMan) -> None:
        self._venue = venue
        self._dead_man = dead_man

    def wallet_balance(self, caller: ApiKey, params: Mapping[str, str]) -> Answer:
        """Return totals in USD and the coins (all that are not empty, or those of ``coin``)."""
        if params.get("accountType") != "UNIFIED":
            raise codes.parameter_error("accountType only support UNIFIED.")
        coins = [coin for coin in params.get("coin", "").split(",") if coin]
        return Answer(result={"list": [wallet_objects.wallet_object(self._venue, caller.account_id, coins or None)]})

    def account_info(self, caller: ApiKey, _params: Mapping[str, str]) -> Answer:
        """Return margin mode and status flags of the account."""
        window = self._dead_man.window(caller.account_id)
        return Answer(
            result={
                "marginMode": MODE_WORDS[self._venue.margin_mode(caller.account_id)],
                "updatedTime": "0",
                "unifiedMarginStatus": 5,
                "dcpStatus": "ON" if window else "OFF",
                "timeWindow": window,
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
                **({"category": category.value} if category.is_spot else {}),
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

    def _positions(self, account_id: str, chosen: frozenset[str], *, with_flat: bool) -> list[VenuePosition]:
        if with_flat:
            return [
                self._venue.position(account_id, symbol, leg)
                for symbol in sorted(chosen)
                for leg in self._venue.legs(account_id, symbol)
            ]
        return [position for position in self._venue.positions(account_id) if position.symbol in chosen]


def _derivative_category(params: Mapping[str, Any]) -> Category:
    category = parse_category(params)
    if category not in _DERIVATIVES:
        raise codes.parameter_error("params error: category invalid")
    return category


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
            "Wallet": ["AccountTransfer", "Withdraw"] if caller.may_withdraw else [],
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

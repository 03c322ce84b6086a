"""Demo accounts: what they cannot do, and their play money.

The page "Demo Trading Service" of the Bybit V5 documentation lists what is there; all else is refused.
"""

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from edgerunner.simulators.bybit import codes
from edgerunner.simulators.bybit.auth import ApiKey
from edgerunner.simulators.bybit.envelope import Answer
from edgerunner.simulators.venue import Venue

DEMO: Final = "demo"
AVAILABLE: Final = frozenset(
    {
        *(f"/v5/order/{name}" for name in ("create", "amend", "cancel", "realtime", "cancel-all", "history")),
        *(f"/v5/order/{name}-batch" for name in ("create", "amend", "cancel")),
        "/v5/execution/list",
        *(
            f"/v5/position/{name}"
            for name in (
                "list",
                "set-leverage",
                "switch-mode",
                "trading-stop",
                "set-auto-add-margin",
                "add-margin",
                "closed-pnl",
            )
        ),
        *(
            f"/v5/account/{name}"
            for name in ("wallet-balance", "info", "transaction-log", "set-margin-mode", "demo-apply-money")
        ),
    }
)
BATCH_CATEGORIES: Final = frozenset({"linear", "option"})
MOST_MONEY: Final[Mapping[str, Decimal]] = {
    "BTC": Decimal(15),
    "ETH": Decimal(200),
    "USDT": Decimal(100_000),
    "USDC": Decimal(100_000),
}
_AMOUNT: Final = re.compile(r"[0-9]{1,9}(?:\.[0-9]{1,8})?")


def check_demo(caller: ApiKey, path: str, params: Mapping[str, Any]) -> None:
    """Raise 10032 when a demo account calls what is not there for it."""
    if caller.environment != DEMO:
        return
    if path not in AVAILABLE:
        raise codes.WireError(codes.DEMO_UNSUPPORTED)
    if path.endswith("-batch") and params.get("category") not in BATCH_CATEGORIES:
        raise codes.WireError(codes.DEMO_UNSUPPORTED)


class DemoMoney:
    """``/v5/account/demo-apply-money``."""

    def __init__(self, venue: Venue) -> None:
        self._venue = venue

    def apply(self, caller: ApiKey, body: Mapping[str, Any]) -> Answer:
        """Pay play money in (``adjustType`` 0) or out (1), at most so much of each coin."""
        if caller.environment != DEMO:
            raise codes.WireError(codes.PERMISSION_DENIED)
        adjust = body.get("adjustType", 0)
        wishes = body.get("utaDemoApplyMoney")
        if isinstance(adjust, bool) or adjust not in (0, 1) or not isinstance(wishes, list) or not wishes:
            raise codes.parameter_error("params error: adjustType or utaDemoApplyMoney invalid")
        for coin, amount in [_money(wish) for wish in wishes]:
            self._venue.operator.move_cash(caller.account_id, coin, -amount if adjust else amount)
        return Answer()


def _money(wish: object) -> tuple[str, Decimal]:
    coin, text = (wish.get("coin"), wish.get("amountStr")) if isinstance(wish, dict) else (None, None)
    if not isinstance(coin, str) or coin not in MOST_MONEY or not isinstance(text, str) or not _AMOUNT.fullmatch(text):
        raise codes.parameter_error("params error: utaDemoApplyMoney invalid")
    if not 0 < Decimal(text) <= MOST_MONEY[coin]:
        raise codes.parameter_error(f"params error: amountStr of {coin} must be {MOST_MONEY[coin]} at most")
    return coin, Decimal(text)

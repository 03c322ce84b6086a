"""Settings of the account and its positions: leverage, position mode, margin mode, trailing stops.

All of them are states at Bybit ("Set Leverage", "Switch Position Mode", "Set Margin Mode", "Set Trading Stop"). After
an answer that proves nothing the state is read back.
"""

from collections.abc import Awaitable, Callable, Mapping
from decimal import Decimal
from typing import Final

from edgerunner.adapters.bybit.account import WalletBook
from edgerunner.adapters.bybit.instruments import Listing
from edgerunner.adapters.bybit.legs import INDEXES, NET, PositionModes, leg_of
from edgerunner.adapters.bybit.limits import Priority
from edgerunner.adapters.bybit.login import Positions, margin_mode
from edgerunner.adapters.bybit.rest import RestClient
from edgerunner.adapters.bybit.values import Malformed, price
from edgerunner.adapters.bybit.wire import Position, decoded
from edgerunner.domain.accounts import AccountMode, AccountSettings, MarginMode
from edgerunner.domain.errors import BrokerUnreachable, InvalidRequest, OutcomeUnknown, Unsupported
from edgerunner.domain.numbers import to_plain

SPOT_LEVERAGE: Final = "spot orders are sent without borrowing: Bybit's spot margin is not offered here"
SPOT_TRAILING: Final = "spot has no positions, only coins"
PORTFOLIO: Final = "portfolio margin is switched on at Bybit itself: it needs an approved account"

MARGIN_WORDS: Final[Mapping[MarginMode, str]] = {
    MarginMode.CROSS: "REGULAR_MARGIN",
    MarginMode.ISOLATED: "ISOLATED_MARGIN",
    MarginMode.PORTFOLIO: "PORTFOLIO_MARGIN",
}
_MARGIN_MODES: Final = {word: mode for mode, word in MARGIN_WORDS.items()}
_POSITION_WORDS: Final[Mapping[AccountMode, int]] = {AccountMode.NETTING: 0, AccountMode.HEDGING: 3}
_HEDGED_COIN: Final = "USDT"

Body = dict[str, str | int]


class Controls:
    """Reads and changes the settings of one account."""

    def __init__(
        self, rest: RestClient, *, account_id: str, modes: PositionModes, positions: Positions, wallet: WalletBook
    ) -> None:
        self._rest = rest
        self._account_id = account_id
        self._modes = modes
        self._positions = positions
        self._wallet = wallet

    async def read(self) -> AccountSettings:
        """Return both modes; the position mode is hedging when any contract is known to be in it."""
        await self._positions.read_modes()
        word = await margin_mode(self._rest)
        self._wallet.margin_mode = word
        return AccountSettings(
            account_id=self._account_id,
            position_mode=AccountMode.HEDGING if self._modes.any_hedged else AccountMode.NETTING,
            margin_mode=_MARGIN_MODES.get(word or ""),
        )

    async def change(self, position_mode: AccountMode | None, margin: MarginMode | None) -> AccountSettings:
        """Change what is not None: the position mode of all USDT perpetuals, then the margin mode."""
        if margin is MarginMode.PORTFOLIO:
            raise Unsupported(PORTFOLIO)
        if position_mode is not None:
            await self._switch_position_mode(position_mode)
        if margin is not None:
            await self._switch_margin_mode(margin)
        return await self.read()

    async def set_leverage(self, listing: Listing, leverage: Decimal) -> None:
        """Set the leverage of both sides."""
        if listing.is_spot:
            raise Unsupported(SPOT_LEVERAGE)
        text = to_plain(leverage)

        async def is_set() -> bool:
            return {price(row.leverage) for row in await self._rows(listing)} == {leverage}

        body = _addressed(listing) | {"buyLeverage": text, "sellLeverage": text}
        await self._command("/v5/position/set-leverage", body, is_set)

    async def set_trailing_stop(
        self, listing: Listing, *, position_id: str | None, offset: Decimal | None, activation_price: Decimal | None
    ) -> None:
        """Set or take away the trailing stop of a whole position."""
        if listing.is_spot:
            raise Unsupported(SPOT_TRAILING)
        leg = _leg(position_id, is_hedged=await self._modes.is_hedged(listing))

        async def is_set() -> bool:
            rows = [row for row in await self._rows(listing) if leg_of(row.position_idx) == leg]
            return activation_price is None and [price(row.trailing_stop) for row in rows] == [offset]

        body = _addressed(listing) | {"tpslMode": "Full", "positionIdx": INDEXES[leg]}
        body["trailingStop"] = "0" if offset is None else to_plain(offset)
        if activation_price is not None:
            body["activePrice"] = to_plain(activation_price)
        await self._command("/v5/position/trading-stop", body, is_set)

    async def _switch_position_mode(self, wanted: AccountMode) -> None:
        async def is_set() -> bool:
            self._modes.forget_all()
            return (await self.read()).position_mode is wanted

        body: Body = {"category": "linear", "coin": _HEDGED_COIN, "mode": _POSITION_WORDS[wanted]}
        await self._command("/v5/position/switch-mode", body, is_set)
        self._modes.forget_all()

    async def _switch_margin_mode(self, wanted: MarginMode) -> None:
        async def is_set() -> bool:
            return (await self.read()).margin_mode is wanted

        await self._command("/v5/account/set-margin-mode", {"setMarginMode": MARGIN_WORDS[wanted]}, is_set)

    async def _command(self, path: str, body: Body, is_set: Callable[[], Awaitable[bool]]) -> None:
        """Send a change once; ``is_set`` tells whether the state is as wanted when the answer proves nothing."""
        try:
            await self._rest.command(path, body, bucket=path, priority=Priority.MODIFY)
        except OutcomeUnknown:
            if not await is_set():
                raise

    async def _rows(self, listing: Listing) -> list[Position]:
        try:
            return [
                decoded(row, Position) async for row, _ in self._rest.pages("/v5/position/list", _addressed(listing))
            ]
        except Malformed as error:
            raise BrokerUnreachable(f"unreadable position: {error}") from error


def _addressed(listing: Listing) -> Body:
    return {"category": listing.category, "symbol": listing.symbol}


def _leg(position_id: str | None, *, is_hedged: bool) -> str:
    """Return the leg that is meant; raises ``InvalidRequest`` for one that the position mode does not have."""
    legs = {"long", "short"} if is_hedged else {None, NET}
    if position_id not in legs:
        mode, remedy = ("hedge", "give long or short") if is_hedged else ("one-way", "leave it out")
        raise InvalidRequest.of("position_id", "invalid", f"the contract is in {mode} mode: {remedy}")
    return position_id or NET

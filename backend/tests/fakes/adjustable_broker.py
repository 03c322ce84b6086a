"""The fake broker with settings: leverage, modes, trailing stops."""

from dataclasses import replace
from decimal import Decimal

from edgerunner.adapters.broker import Capabilities
from edgerunner.domain.accounts import AccountMode, AccountSettings, MarginMode
from tests.fakes.broker import FakeBroker
from tests.fakes.instruments import CAPABILITIES


def adjustable_capabilities() -> Capabilities:
    """Everything can be set, but nothing on spot."""
    reasons = {"leverage": "spot has none", "trailing_stop": "spot has no positions", "portfolio": "ask the broker"}
    products = {
        label: replace(
            product,
            leverage=label != "spot",
            trailing_stop=label != "spot",
            unsupported={**product.unsupported, **reasons},
        )
        for label, product in CAPABILITIES.products.items()
    }
    margin_modes = frozenset({MarginMode.CROSS, MarginMode.ISOLATED})
    return replace(CAPABILITIES, products=products, position_modes=frozenset(AccountMode), margin_modes=margin_modes)


class AdjustableBroker(FakeBroker):
    """``AccountControls`` over dictionaries; ``script("settings", error)`` lets the next change fail."""

    def __init__(self) -> None:
        super().__init__(capabilities=adjustable_capabilities())
        self.modes = (AccountMode.NETTING, MarginMode.CROSS)
        self.leverages: dict[str, Decimal] = {}
        self.trailing: dict[tuple[str, str | None], tuple[Decimal, Decimal | None]] = {}

    async def get_settings(self, account_id: str) -> AccountSettings:
        await self._query("get_settings")
        return AccountSettings(account_id=account_id, position_mode=self.modes[0], margin_mode=self.modes[1])

    async def change_settings(
        self, account_id: str, *, position_mode: AccountMode | None, margin_mode: MarginMode | None
    ) -> AccountSettings:
        await self._query("settings")
        self.modes = (position_mode or self.modes[0], margin_mode or self.modes[1])
        return await self.get_settings(account_id)

    async def set_leverage(self, account_id: str, instrument_id: str, leverage: Decimal) -> None:
        await self._query("settings")
        self.leverages[instrument_id] = leverage

    async def set_trailing_stop(
        self,
        account_id: str,
        instrument_id: str,
        *,
        position_id: str | None,
        offset: Decimal | None,
        activation_price: Decimal | None,
    ) -> None:
        await self._query("settings")
        if offset is None:
            self.trailing.pop((instrument_id, position_id), None)
        else:
            self.trailing[instrument_id, position_id] = (offset, activation_price)

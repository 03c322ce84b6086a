"""Who the key belongs to and what it may do, found out before anything is traded."""

from dataclasses import dataclass
from typing import Final

import msgspec

from edgerunner.adapters.broker import PositionReport
from edgerunner.adapters.bybit.account import position_report
from edgerunner.adapters.bybit.errors import Refused, is_missing_in_demo
from edgerunner.adapters.bybit.instruments import Catalogue
from edgerunner.adapters.bybit.legs import PositionModes
from edgerunner.adapters.bybit.options import Options
from edgerunner.adapters.bybit.rest import Parameters, RestClient
from edgerunner.adapters.bybit.values import Malformed, required_text, text
from edgerunner.adapters.bybit.wire import AccountInfo, KeyInfo, Position, decoded
from edgerunner.domain.errors import BrokerUnreachable, InvalidRequest

_POSITION_PAGE: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """The account behind a key; ``refusal`` is why the key cannot place orders, or None."""

    account_id: str
    refusal: str | None


async def identify(rest: RestClient, options: Options) -> Identity:
    """Return whose key it is.

    Raises ``BrokerAuthFailed`` for a refused key, ``InvalidRequest`` for a key that may withdraw
    (unless allowed) and where the environment does not tell the UID and no option gives it.
    """
    try:
        key = await rest.get("/v5/user/query-api", {}, KeyInfo)
    except Refused as error:
        if not is_missing_in_demo(error.number, error.text):
            raise
        return Identity(account_id=_given(options), refusal=None)
    account_id = text(key.user_id)
    if account_id in {None, "0"}:
        account_id = _given(options)
    if "Withdraw" in (key.permissions.get("Wallet") or []) and not options.allow_withdrawal_key:
        raise InvalidRequest.of(
            "credentials.api_key",
            "withdrawal_right",
            "this key may withdraw money; make one without that right, or set the option allow_withdrawal_key",
        )
    is_read_only = str(key.read_only) in {"1", "True"}
    return Identity(account_id=account_id or "", refusal="the API key is read-only" if is_read_only else None)


def _given(options: Options) -> str:
    if options.account_id is None:
        raise InvalidRequest.of(
            "options.account_id", "required", "this environment does not tell the account's UID: give it here"
        )
    return options.account_id


async def margin_mode(rest: RestClient) -> str | None:
    """Return the account's margin mode in Bybit's word."""
    return text((await rest.get("/v5/account/info", {}, AccountInfo)).margin_mode)


class Positions:
    """Reads contract positions, and from them the position modes."""

    def __init__(self, rest: RestClient, catalogue: Catalogue, *, account_id: str, modes: PositionModes) -> None:
        self._rest = rest
        self._modes = modes
        self._catalogue = catalogue
        self._account_id = account_id

    async def all(self) -> list[PositionReport]:
        """Return every contract position that is not flat; raises a ``BrokerError``."""
        found: list[PositionReport] = []
        for query in self._catalogue.contract_queries():
            parameters: Parameters = {**query, "limit": _POSITION_PAGE}
            async for row, _ in self._rest.pages("/v5/position/list", parameters):
                report = await self._report(row, str(query["category"]))
                if report.quantity:
                    found.append(report)
        return found

    async def read_modes(self) -> None:
        """Learn the mode of the main contract and of all that are held; raises a ``BrokerError``.

        Others are asked for when they are first traded: Bybit has no list of modes.
        """
        probe = self._catalogue.probe()
        if probe is not None:
            await self._modes.is_hedged(probe)
        await self.all()

    async def _report(self, row: msgspec.Raw, category: str) -> PositionReport:
        position = _decoded(row)
        try:
            symbol = required_text(position.symbol, "symbol")
            listing = await self._catalogue.find(category, symbol)
            self._modes.note(listing, position.position_idx)
            now_ns = self._rest.server_clock.now_ns()
            return position_report(self._account_id, position, listing, ts_ns=now_ns)
        except Malformed as error:
            raise BrokerUnreachable(f"unreadable position: {error}") from error


def _decoded(row: msgspec.Raw) -> Position:
    try:
        return decoded(row, Position)
    except Malformed as error:
        raise BrokerUnreachable(f"unreadable position: {error}") from error

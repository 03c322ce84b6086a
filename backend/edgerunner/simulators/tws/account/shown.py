"""Which accounts TWS shows."""

from collections.abc import Callable, Iterator, Sequence
from typing import overload

from edgerunner.simulators.tws.settings import LIVE_ACCOUNT
from edgerunner.simulators.venue import Venue


class ShownAccounts(Sequence[str]):
    """The accounts of the settings, or a live-looking one in their place as long as that is wanted.

    They are opened as soon as they are shown, with the money that the venue's first account started with.
    """

    def __init__(self, venue: Venue, usual: Sequence[str], is_live: Callable[[], bool]) -> None:
        self._venue = venue
        self._usual = usual
        self._is_live = is_live
        self._opened: tuple[int, Sequence[str]] | None = None

    def __len__(self) -> int:
        return len(self._now())

    def __iter__(self) -> Iterator[str]:
        return iter(self._now())

    @overload
    def __getitem__(self, index: int) -> str: ...

    @overload
    def __getitem__(self, index: slice) -> Sequence[str]: ...

    def __getitem__(self, index: int | slice) -> str | Sequence[str]:
        return self._now()[index]

    def _now(self) -> Sequence[str]:
        shown = (LIVE_ACCOUNT,) if self._is_live() else self._usual
        wanted = (self._venue.incarnation, shown)
        if self._opened != wanted:
            for account_id in shown:
                self._venue.operator.open_account(account_id)
            self._opened = wanted
        return shown

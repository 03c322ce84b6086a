"""The Market Watch of a terminal: which symbols are shown, and whose depth of market is open."""

from collections.abc import Iterable


class MarketWatch:
    """Symbols selected and depths opened in one terminal, by everybody who uses it."""

    def __init__(self, shown: Iterable[str]) -> None:
        self._shown = dict.fromkeys(shown)
        self._books: set[str] = set()

    def is_shown(self, symbol: str) -> bool:
        """Tell whether a symbol is in the Market Watch."""
        return symbol in self._shown

    def show(self, symbol: str) -> None:
        """Put a symbol into the Market Watch."""
        self._shown[symbol] = None

    def hide(self, symbol: str) -> None:
        """Take a symbol out, and close its depth."""
        self._shown.pop(symbol, None)
        self._books.discard(symbol)

    def open_book(self, symbol: str) -> None:
        """Open a symbol's depth; that shows the symbol too."""
        self.show(symbol)
        self._books.add(symbol)

    def close_book(self, symbol: str) -> bool:
        """Close a symbol's depth; False when it was not open."""
        was_open = symbol in self._books
        self._books.discard(symbol)
        return was_open

    def has_book(self, symbol: str) -> bool:
        """Tell whether a symbol's depth is open."""
        return symbol in self._books

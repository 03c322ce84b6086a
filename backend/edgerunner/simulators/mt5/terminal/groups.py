"""Group masks of `symbols_get`, `positions_get` and the history: `*`, `!` and commas."""

import re
from functools import lru_cache

MAXIMUM_MASKS = 256


@lru_cache(maxsize=256)
def _pattern(mask: str) -> re.Pattern[str]:
    return re.compile(".*".join(re.escape(part) for part in mask.split("*")), re.DOTALL)


def is_in_group(symbol: str, group: str) -> bool:
    """Tell whether a symbol is chosen by comma-separated masks, applied one after the other.

    ``*`` stands for any characters, a leading ``!`` takes symbols out again: ``"*,!*USD*"`` = all without USD.
    Masks past the 256th are not looked at.
    """
    is_chosen = False
    for word in group.split(",", MAXIMUM_MASKS)[:MAXIMUM_MASKS]:
        mask = word.strip()
        takes_out = mask.startswith("!")
        if _pattern(mask[1:] if takes_out else mask).fullmatch(symbol):
            is_chosen = not takes_out
    return is_chosen

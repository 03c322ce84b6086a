"""The list of generic ticks in a request: which are legal for a kind of contract, and how a wrong list is refused.

Source: the refusal (code 321) of a gateway that lists the legal ones of a stock, recorded in 2026; for other kinds of
contracts it is a guess that the list is the same but for dividends of currency pairs.
"""

from typing import Final

_LEGAL: Final = {
    100: "Option Volume",
    101: "Option Open Interest",
    105: "Average Opt Volume",
    106: "impvolat",
    165: "Misc. Stats",
    221: "Creditman Mark Price",
    225: "Auction",
    232: "Pl Price",
    233: "RTVolume",
    236: "inventory",
    258: "Fundamentals",
    292: "Wide_news",
    293: "TradeCount",
    294: "TradeRate",
    295: "VolumeRate",
    318: "LastRTHTrade",
    375: "RTTrdVolume",
    411: "rthistvol",
    456: "IBDividends",
    460: "Bond Factor Multiplier",
    577: "EtfNavLast(navlast)",
    586: "IPOHLMPRC",
    587: "Pl Price Delayed",
    588: "Futures Open Interest",
    595: "Short-Term Volume X Mins",
    614: "EtfNavMisc(high/low)",
    619: "Creditman Slow Mark Price",
    623: "EtfFrozenNavLast(fznavlast)",
}
_OLDER: Final = {221: 220, 232: 221, 258: 47, 456: 59}
"""Older numbers, shown behind the newer ones; 221 asks for the older of its two meanings."""
_UNLISTED: Final = {104: 104, 220: 221, 221: 232, 47: 258, 59: 456}
_NOT_FOR_PAIRS: Final = frozenset({456, 595})
_NO_TICK: Final = "mdoff"


class BadGenericTicks(Exception):
    """A list with something that is not legal; the text is what TWS says then (code 321)."""


def parse_generic_ticks(text: str, sec_type: str) -> frozenset[int]:
    """Return the wanted ticks by their newer numbers; raises ``BadGenericTicks``.

    ``mdoff`` (no basic ticks) is taken and ignored; what follows a colon (``292:BRFG``) too.
    """
    wanted = set()
    for token in (part.strip() for part in text.split(",") if part.strip()):
        if token.lower() == _NO_TICK:
            continue
        number, separator, word = token.partition(":")
        if not number.isascii() or not number.isdigit() or (separator and not word):
            raise BadGenericTicks(_refusal(text, sec_type))
        tick = _UNLISTED.get(int(number), int(number))
        if tick not in _legal(sec_type) and tick not in _UNLISTED:
            raise BadGenericTicks(_refusal(text, sec_type))
        wanted.add(tick)
    return frozenset(wanted)


def _legal(sec_type: str) -> dict[int, str]:
    return {tick: name for tick, name in _LEGAL.items() if sec_type != "CASH" or tick not in _NOT_FOR_PAIRS}


def _refusal(text: str, sec_type: str) -> str:
    rows = (
        f"{tick}/{_OLDER[tick]}({name})" if tick in _OLDER else f"{tick}({name})"
        for tick, name in _legal(sec_type).items()
    )
    return f"Incorrect generic tick list of {text[:200]}.  Legal ones for ({sec_type}) are: {','.join(rows)}"

"""What moves the prices of all brokers: one path per underlying, whoever lists it, so that brokers agree."""

from typing import Final

from edgerunner.simulators.path import PathProfile

BITCOIN: Final = PathProfile(name="BTC", base_price=67_000, daily_volatility=0.025, factor="crypto", factor_weight=0.92)
ETHER: Final = PathProfile(name="ETH", base_price=3_500, daily_volatility=0.03, factor="crypto", factor_weight=0.92)
SOLANA: Final = PathProfile(name="SOL", base_price=160, daily_volatility=0.038, factor="crypto", factor_weight=0.88)

INDEX: Final = PathProfile(name="SPX", base_price=6_000, daily_volatility=0.009, factor="stocks", factor_weight=0.95)
APPLE: Final = PathProfile(name="AAPL", base_price=270, daily_volatility=0.016, factor="stocks", factor_weight=0.7)
MICROSOFT: Final = PathProfile(name="MSFT", base_price=500, daily_volatility=0.014, factor="stocks", factor_weight=0.75)
VODAFONE: Final = PathProfile(name="VOD", base_price=90, daily_volatility=0.012, factor="stocks", factor_weight=0.4)
GERMANY: Final = PathProfile(name="DAX", base_price=24_000, daily_volatility=0.01, factor="stocks", factor_weight=0.8)

EURO: Final = PathProfile(name="EURUSD", base_price=1, daily_volatility=0.004, factor="dollar", factor_weight=0.8)
"""Around 1: what a euro costs on top of it is each market's ``basis``; so ``EURO_IN_DOLLARS`` for all of them."""
POUND: Final = PathProfile(name="GBPUSD", base_price=1, daily_volatility=0.0045, factor="dollar", factor_weight=0.75)
YEN: Final = PathProfile(name="USDJPY", base_price=150, daily_volatility=0.005, factor="yen", factor_weight=0.8)
GOLD: Final = PathProfile(name="XAUUSD", base_price=4_100, daily_volatility=0.01, factor="dollar", factor_weight=0.4)

EURO_IN_DOLLARS: Final = 1.08
POUND_IN_DOLLARS: Final = 1.27

"""Conversion between currencies, and honesty where no rate is known."""

from decimal import Decimal

from edgerunner.domain.currency import Rate, Rates


def rate(base: str, quote: str, price: str, *, ts_ns: int = 1, source: str = "") -> Rate:
    return Rate(base=base, quote=quote, price=Decimal(price), source=source or f"{base}/{quote}", ts_ns=ts_ns)


def test_a_currency_is_itself_without_any_rate() -> None:
    assert Rates([]).convert(Decimal("1.5"), "USD", "USD") == Decimal("1.5")


def test_a_missing_rate_is_none_even_between_stablecoins() -> None:
    rates = Rates([rate("BTC", "USDT", "100000")])
    assert rates.convert(Decimal(1), "USDT", "USD") is None
    assert rates.convert(Decimal(1), "BTC", "USD") is None


def test_a_rate_serves_both_directions() -> None:
    rates = Rates([rate("EUR", "USD", "1.25")])
    assert rates.convert(Decimal(10), "EUR", "USD") == Decimal("12.5")
    assert rates.convert(Decimal(10), "USD", "EUR") == Decimal(8)


def test_the_shortest_chain_is_taken_with_all_its_sources_and_its_oldest_stamp() -> None:
    rates = Rates(
        [
            rate("ETH", "BTC", "0.05", ts_ns=5),
            rate("BTC", "USDT", "100000", ts_ns=3),
            rate("USDT", "USD", "0.5", ts_ns=9),
            rate("ETH", "USDT", "4000", ts_ns=7),
        ]
    )
    found = rates.rate("ETH", "USD")
    assert found is not None
    assert (found.price, found.source, found.ts_ns) == (Decimal(2000), "ETH/USDT, USDT/USD", 7)


def test_the_newest_of_several_rates_of_a_pair_counts() -> None:
    old, new = rate("BTC", "USDT", "1", ts_ns=1), rate("USDT", "BTC", "0.5", ts_ns=2)
    for rates in (Rates([old, new]), Rates([new, old])):
        assert rates.convert(Decimal(1), "BTC", "USDT") == Decimal(2)


def test_prices_that_are_not_positive_are_no_rates() -> None:
    assert Rates([rate("BTC", "USDT", "0"), rate("ETH", "USDT", "-1")]).rate("BTC", "USDT") is None

"""Where each Bybit environment lives: four independent addresses, plain configuration.

Hosts are those of the V5 guide ("Integration Guidance", "Connect", "Demo Trading Service").
They are never derived from one another: regional sites have other REST hosts than stream hosts,
demo has no own public stream and no order entry by WebSocket.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final
from urllib.parse import urlsplit

from edgerunner.adapters.broker import Environment
from edgerunner.domain.errors import InvalidRequest

DATA_CATEGORIES: Final = ("spot", "linear", "inverse")
"""Product categories of this version; each has its own public stream."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoints:
    """The four addresses of one environment.

    Attributes:
        public: Base of the public streams; the category is appended.
        trade: Order entry by WebSocket, or None where the environment has none.
    """

    rest: str
    public: str
    private: str
    trade: str | None

    def public_stream(self, category: str) -> str:
        """Return the public stream's address of a product category."""
        return f"{self.public}/{category}"


_MAINNET: Final = Endpoints(
    rest="https://api.bybit.com",
    public="wss://stream.bybit.com/v5/public",
    private="wss://stream.bybit.com/v5/private",
    trade="wss://stream.bybit.com/v5/trade",
)
_KNOWN: Final[Mapping[Environment, Endpoints]] = {
    Environment.LIVE: _MAINNET,
    Environment.TESTNET: Endpoints(
        rest="https://api-testnet.bybit.com",
        public="wss://stream-testnet.bybit.com/v5/public",
        private="wss://stream-testnet.bybit.com/v5/private",
        trade="wss://stream-testnet.bybit.com/v5/trade",
    ),
    Environment.DEMO: replace(
        _MAINNET, rest="https://api-demo.bybit.com", private="wss://stream-demo.bybit.com/v5/private", trade=None
    ),
}
_URL_OPTIONS: Final = ("rest_url", "public_url", "private_url", "trade_url")


def is_url_option(name: str) -> bool:
    """Tell whether an option names an address."""
    return name == "base_url" or name in _URL_OPTIONS


def endpoints_of(environment: Environment, options: Mapping[str, object]) -> Endpoints:
    """Return the addresses of an environment, with those that ``options`` replace.

    ``base_url`` (``http://host:port``) stands for one server that serves all four by V5's paths;
    ``rest_url public_url private_url trade_url`` replace single ones; ``trade_url`` null turns
    order entry by WebSocket off. Raises ``InvalidRequest`` naming the wrong or missing option.
    """
    base = options.get("base_url")
    endpoints = _KNOWN.get(environment) if base is None else _all_at(_address("base_url", base, ("http", "https")))
    if endpoints is None and environment is Environment.SIMULATED:
        endpoints = _all_given(options)
    if endpoints is None:
        raise InvalidRequest.of("environment", "unsupported", f"Bybit has no environment called {environment}")
    return Endpoints(
        rest=_chosen(options, "rest_url", endpoints.rest),
        public=_chosen(options, "public_url", endpoints.public),
        private=_chosen(options, "private_url", endpoints.private),
        trade=None if _is_off(options) else _chosen(options, "trade_url", endpoints.trade or "") or None,
    )


def _chosen(options: Mapping[str, object], option: str, otherwise: str) -> str:
    if option not in options:
        return otherwise
    return _address(option, options[option], ("http", "https") if option == "rest_url" else ("ws", "wss"))


def _is_off(options: Mapping[str, object]) -> bool:
    return "trade_url" in options and options["trade_url"] is None


def _all_at(base: str) -> Endpoints:
    stream = "ws" + base.removeprefix("http")
    return Endpoints(
        rest=base, public=f"{stream}/v5/public", private=f"{stream}/v5/private", trade=f"{stream}/v5/trade"
    )


def _all_given(options: Mapping[str, object]) -> Endpoints:
    for option in _URL_OPTIONS:
        if option not in options:
            raise InvalidRequest.of(
                f"options.{option}", "required", "a simulated connection needs base_url or all four addresses"
            )
    return Endpoints(rest="", public="", private="", trade=None)


def _address(option: str, value: object, schemes: tuple[str, ...]) -> str:
    if not isinstance(value, str) or urlsplit(value).scheme not in schemes or not urlsplit(value).hostname:
        raise InvalidRequest.of(f"options.{option}", "invalid", f"must be an address that starts with {schemes[0]}://")
    return value.rstrip("/")

"""Where each Bybit environment lives: four independent addresses, plain configuration.

Hosts are those of the V5 guide ("Integration Guidance", "Connect", "Demo Trading Service").
They are never derived from one another: regional sites have other REST hosts than stream hosts,
demo has no own public stream and no order entry by WebSocket.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from ipaddress import ip_address
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
_DOMAINS: Final = (
    *("bybit.com", "bytick.com", "bybit.nl", "bybit.eu", "bybit-tr.com", "bybit.kz", "bybitgeorgia.ge"),
    *("bybit.ae", "bybit.id", "manepa.jp"),
)
"""Bybit's own and its regional sites (V5 guide, "Integration Guidance")."""
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


def is_real_money(environment: Environment, endpoints: Endpoints) -> bool:
    """Tell whether orders sent to these addresses are for real money, whatever the environment is called.

    Bybit's accounts carry no mark: the host decides. Its practice hosts are named ``...-testnet`` and
    ``...-demo``; any other host that is not on this machine is taken for real. Raises
    ``InvalidRequest`` for a live connection to a practice host.
    """
    account = [url for url in (endpoints.rest, endpoints.private, endpoints.trade) if url is not None]
    practice = [url for url in account if _is_practice(url)]
    if environment is Environment.LIVE and practice:
        text = f"{practice[0]} is a practice address of Bybit; name the environment that it is"
        raise InvalidRequest.of("environment", "mismatch", text)
    return environment is Environment.LIVE or any(not (_is_practice(url) or _is_here(url)) for url in account)


def _is_practice(url: str) -> bool:
    label = (urlsplit(url).hostname or "").partition(".")[0]
    return label.endswith(("-testnet", "-demo"))


def _is_here(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


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
    if not _is_here(value) and not (schemes[-1] == urlsplit(value).scheme and _is_bybit(value)):
        text = f"must be {schemes[-1]}:// at a host of Bybit ({', '.join(_DOMAINS)}), or on this machine"
        raise InvalidRequest.of(f"options.{option}", "invalid", text)
    return value.rstrip("/")


def _is_bybit(url: str) -> bool:
    """Tell whether an address is Bybit's: keys and orders are sent to no other."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    return parts.username is None and any(host == domain or host.endswith(f".{domain}") for domain in _DOMAINS)

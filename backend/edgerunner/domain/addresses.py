"""Which network addresses a connection may lead to, whoever asks for it: values in, a reason out."""

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Final

_METADATA: Final = frozenset(
    ip_address(address)
    for address in (
        "100.100.100.200",  # Alibaba Cloud
        "168.63.129.16",  # Azure's host
        "169.254.169.254",  # AWS, Azure, Google Cloud, Oracle
        "192.0.0.192",  # Oracle Cloud
        "fd00:ec2::254",  # AWS
    )
)
"""Where clouds hand out the machine's own credentials to whoever asks from it."""

_NAT64: Final = ip_network("64:ff9b::/96")
"""IPv6 addresses that end in the IPv4 address they lead to (RFC 6052)."""


def objection_to(address: str) -> str | None:
    """Return why no broker is at a numeric address, or None when one may be; ``ValueError`` for a name.

    Loopback and private networks are where gateways and bridges are, and allowed.
    """
    found = _meant(ip_address(address.partition("%")[0]))
    if found in _METADATA:
        return "is a cloud's metadata service"
    if found.is_unspecified:
        return "is no address of a machine"
    if found.is_multicast:
        return "is a multicast address"
    if found.is_link_local:
        return "is link-local"
    if found.is_reserved and not found.is_loopback:
        return "is reserved"
    return None


def objection_to_host(host: str) -> str | None:
    """Return why no broker is at a host that is written as a number; None for names, which are looked up later."""
    try:
        return objection_to(host.strip("[]"))
    except ValueError:
        return None


def _meant(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """Return the IPv4 address that an IPv6 address stands for, or the address itself."""
    if isinstance(address, IPv4Address):
        return address
    inner = address.ipv4_mapped or address.sixtofour
    if inner is None and address in _NAT64:
        inner = IPv4Address(int(address) & 0xFFFFFFFF)
    return inner or address

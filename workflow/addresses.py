"""Which network addresses this system may call on somebody's behalf: public ones, and those allowed."""

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_network

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

NAT64 = IPv6Network("64:ff9b::/96")
LOCAL_NAT64 = IPv6Network("64:ff9b:1::/48")


def networks(text: str) -> tuple[Network, ...]:
    """The networks of a list with commas. Raises ValueError naming the first that is none."""
    return tuple(ip_network(part.strip()) for part in text.split(",") if part.strip())


def is_within(address: Address, allowed: tuple[Network, ...]) -> bool:
    plain = (address.ipv4_mapped or address) if isinstance(address, IPv6Address) else address
    return any(plain in network for network in allowed if network.version == plain.version)


def is_public(address: Address) -> bool:
    """Neither private, loopback, link-local, multicast nor reserved; the IPv4 address within counts too."""
    if isinstance(address, IPv6Address):
        if address in LOCAL_NAT64:
            return False
        inner = _inner(address)
        if inner is not None:
            return is_public(inner)
    refused = (
        address.is_private,
        address.is_loopback,
        address.is_link_local,
        address.is_multicast,
        address.is_reserved,
        address.is_unspecified,
        isinstance(address, IPv6Address) and address.is_site_local,
    )
    return address.is_global and not any(refused)


def _inner(address: IPv6Address) -> IPv4Address | None:
    """The IPv4 address that is reached in the end: mapped, 6to4, Teredo, NAT64, compatible."""
    if address in NAT64 or int(address) >> 32 == 0:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    if address.teredo is not None:
        return address.teredo[1]
    return address.ipv4_mapped or address.sixtofour

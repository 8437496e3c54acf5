"""Asking the name system for TXT records: the port, and the resolver behind it."""

from typing import Protocol

import dns.exception
import dns.resolver

from kit.environment import environment
from kit.errors import Unavailable

_LIFETIME_S = 5.0
_DNS_PORT = 53
_MAX_TEXTS = 50


class TxtResolver(Protocol):
    """Texts under a name; none where the name or its texts do not exist. Raises `Unavailable`
    where nobody answers: then nothing is known."""

    def texts(self, name: str) -> list[str]: ...


class DnsResolver:
    """Over the network, at the configured name servers or the machine's own."""

    def texts(self, name: str) -> list[str]:
        resolver = _configured()
        try:
            answer = resolver.resolve(name, "TXT", lifetime=_LIFETIME_S, search=False)
        except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
            return []
        except dns.exception.DNSException as error:
            raise Unavailable(f"The name servers do not answer for {name}: try again.") from error
        joined = (b"".join(record.strings) for record in answer)
        return [text.decode(errors="replace") for text in joined][:_MAX_TEXTS]


def _configured() -> dns.resolver.Resolver:
    servers = [one.strip() for one in environment().dns_servers.split(",") if one.strip()]
    if not servers:
        return dns.resolver.Resolver()
    resolver = dns.resolver.Resolver(configure=False)
    resolver.nameservers = []
    for server in servers:
        address, _, port = server.partition(":") if server.count(":") == 1 else (server, "", "")
        resolver.nameservers.append(address)
        resolver.nameserver_ports[address] = int(port or _DNS_PORT)
    return resolver

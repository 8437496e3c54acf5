"""The way out: every connection that Stonepine makes to a place that somebody else named.

Audit streams, metadata of identity providers, webhooks, key providers: HTTP goes through
`exchange`, anything else through `connected`. What is `allowed` besides public addresses comes
from `environment().outbound_allowed(purpose)`. See docs/networking.md.
"""

from kit.outbound.addresses import Allowed, resolved
from kit.outbound.client import Answer, exchange
from kit.outbound.errors import AddressRefused, ExchangeFailed
from kit.outbound.places import WEB, Place, checked_url, place_of, require_reachable
from kit.outbound.wire import EXCHANGE_S, connected

__all__ = [
    "EXCHANGE_S",
    "WEB",
    "AddressRefused",
    "Allowed",
    "Answer",
    "ExchangeFailed",
    "Place",
    "checked_url",
    "connected",
    "exchange",
    "place_of",
    "require_reachable",
    "resolved",
]

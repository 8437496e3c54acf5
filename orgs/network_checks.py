"""What a list of networks that shuts others out must be: sound, short, and safe for its author."""

from collections.abc import Sequence

from access.actor import Actor
from access.networks import Network, is_within, parse_networks
from audit import context
from kit.errors import FailedPrecondition, InvalidArgument

_MOST = 100


def checked_networks(texts: Sequence[str], *, field: str) -> tuple[Network, ...]:
    """In order, each once. Raises `InvalidArgument`."""
    if len(texts) > _MOST:
        raise InvalidArgument(f"{field} holds at most {_MOST} networks.", field=field)
    try:
        return parse_networks(texts)
    except InvalidArgument as error:
        raise InvalidArgument(error.message, field=field) from None


def require_caller_stays(actor: Actor, networks: tuple[Network, ...], *, field: str) -> None:
    """Raise `FailedPrecondition` where the list would shut out whoever asks for it.

    The operator comes from no address, and can undo it.
    """
    here = context.current().ip
    if actor.is_unbounded or not networks or is_within(here, networks):
        return
    raise FailedPrecondition(
        f"This would shut you out: {here or 'your address'}, where you call from, is in none of "
        f"the networks of {field}. Add it, or say that it is meant (force).",
        field=field,
        address=here,
    )

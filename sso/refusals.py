"""Messages that are refused at our addresses: one event each, and bounds for whoever sends many."""

from collections.abc import Iterator
from contextlib import contextmanager

from accounts.throttle import Bounds, counted_failure
from audit import context
from audit.actions import Action
from orgs.account_verbs import person
from orgs.refusals import keep_refusal
from orgs.tenancy import tenant
from sso.errors import SignOnRefused
from sso.models import SamlConnection

_REFUSALS = Bounds(pair=100, subject=None, place=200)


@contextmanager
def refusals_kept(connection: SamlConnection, action: Action) -> Iterator[None]:
    """Each leaves an event; past the bound of a place nothing is looked at any more."""
    guess = counted_failure(
        "sso-message", subject=str(connection.pk), place=context.current().ip, bounds=_REFUSALS
    )
    with guess:
        try:
            yield
        except SignOnRefused as error:
            with tenant(connection.organization_id):
                target = connection.audit_target()
            keep_refusal(person(None), action, target=target, error=error)
            raise

"""An organization's monthly statement on the operator's terminal."""

import sys

from access.actor import OPERATOR
from kit.errors import NotFound


def print_statement(reference: str, month: str) -> None:
    """Write the CSV to standard output."""
    from billing.months import Month
    from billing.statement import statement
    from orgs.queries import find_organization

    chosen = Month.parse(month)
    organization = find_organization(reference)
    if organization is None:
        raise NotFound(f"There is no organization {reference!r}.")
    for line in statement(OPERATOR, organization, chosen):
        sys.stdout.write(line)

"""`stonepine audit export`: the operator's export of one organization's events."""

from typing import IO

from access.actor import OPERATOR
from audit.context import AuditContext, Source, acting_from
from cli.entry import named_organization
from kit.ids import new_id


def write_export(organization: str, *, form: str, given: dict[str, str], output: IO[bytes]) -> None:
    """Write the lines as they are read. Django is set up already."""
    from audit.export import parse_form
    from audit.search import parse_filter
    from orgs.audit_log import export_events

    found = named_organization(organization)
    chosen, wanted = parse_form(form), parse_filter(given)
    with acting_from(AuditContext(request_id=new_id().hex, source=Source.COMMAND_LINE)):
        for line in export_events(OPERATOR, found, form=chosen, wanted=wanted):
            output.write(line)
    output.flush()

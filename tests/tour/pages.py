"""Which pages there are: every address of the console that answers GET, for whom the matrix says.

A new page is visited by itself. It needs a line here only where it is no page to look at.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from tests.matrix.console_rows import ROWS
from tests.matrix.reference import ANYONE, OPERATE, SIGNED_IN, may
from tests.matrix.walk import filled

OWNER, VIEWER, STRANGER = "owner", "viewer", "stranger"
MISSING = "missing"
VIEWERS_ROLES = frozenset({"OrgMember", "ProjectViewer"})
_O = "o/<slug:organization>"

NO_PAGES = {
    "": "leads to the organization",
    "o/-": "leads to the organization",
    "o/-/": "leads to the organization",
    "o/-/<path:rest>": "leads to the organization",
    f"{_O}/p/<slug:project>/indexes/new": "leads to the form",
    f"{_O}/p/<slug:project>/new-index/call": "a part of the form",
    f"{_O}/billing/statement": "a file",
    f"{_O}/p/<slug:project>/indexes/<str:name>/browse/record": "a drawer: tests/console/browser",
    "organizations/new": "closed unless the operator opens it",
    "signin/mfa": "stands between two steps: tests/console/browser/test_account.py",
    "signin/passkey/options": "an answer for scripts",
    "sso/<slug:organization>/start": "leads to the provider",
    "sso/saml/<uuid:connection_id>/metadata": "a document for providers",
    "sso/saml/<uuid:connection_id>/login": "leads to the provider",
    "sso/saml/<uuid:connection_id>/finish": "leads into the console",
    "sso/saml/<uuid:connection_id>/slo": "leads to the provider",
    "styleguide": "open only while debugging: tests/console/browser/test_look.py",
}
# About an encryption key that the empty project does not have.
_ABOUT_A_KEY = {
    f"{_O}/p/<slug:project>/encryption/{act}" for act in ("secret", "disable", "enable", "detach")
}
# Another state of a page, worth a look of its own.
_STATES = {
    f"{_O}/audit": {"audit-nothing-fits": "?text=nothing+fits"},
    "operator/jobs": {"operator-jobs-failed": "?state=failed"},
    "operator/organizations": {"operator-organizations-none": "?q=nobody"},
    f"{_O}/p/<slug:project>/usage": {"project-usage-by-day": "?by=day"},
    f"{_O}/billing": {"billing-by-index": "?by=index"},
}


@dataclass(frozen=True, slots=True)
class Page:
    """`name` is good for a file; `path` is where to look."""

    name: str
    path: str
    who: str


def page_routes() -> list[str]:
    return [
        key.removeprefix("GET ")
        for key in ROWS
        if key.startswith("GET ") and key.removeprefix("GET ") not in NO_PAGES
    ]


def pages(values: Mapping[str, str], paths: Mapping[str, str]) -> list[Page]:
    """All of them. `values` fills in parameters, `paths` gives whole addresses of some routes."""
    found: list[Page] = []
    for route in page_routes():
        path = paths.get(route) or filled(route, values)
        for who in _visitors(route):
            found.append(Page(_name(route), path, who))
            found += [
                Page(name, path + query, who) for name, query in _STATES.get(route, {}).items()
            ]
    return [*found, *_empty(values)]


def _visitors(route: str) -> Iterator[str]:
    right = ROWS[f"GET {route}"].right
    if right == ANYONE:
        yield STRANGER
        return
    yield OWNER  # who operates the installation too
    if right not in {OPERATE, SIGNED_IN} and may(VIEWERS_ROLES, right):
        yield VIEWER


def _empty(values: Mapping[str, str]) -> Iterator[Page]:
    """Project pages where nothing is yet, and what is missing."""
    nothing_yet = {**values, "project": values["empty_project"]}
    for route in page_routes():
        if route in _ABOUT_A_KEY:
            continue
        if route.startswith(f"{_O}/p/") and "<" not in route.partition("<slug:project>")[2]:
            yield Page(f"{_name(route)}-empty", filled(route, nothing_yet), OWNER)
    yield Page(MISSING, filled(f"{_O}/p/nothing", values), OWNER)


def _name(route: str) -> str:
    """`o/<slug:organization>/p/<slug:project>/keys` as `project-keys`."""
    named = route.replace(f"{_O}/p/<slug:project>", "project").replace(_O, "organization")
    return re.sub(r"[^a-z]+", "-", re.sub(r"<\w+:(\w+)>", r"\1", named)).strip("-")

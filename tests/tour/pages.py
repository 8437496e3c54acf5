"""Which pages there are: every address of the console that answers GET, for whom the matrix says.

A new page is visited by itself. It needs a line here only where it is no page to look at.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from tests.matrix.console_rows import ROWS
from tests.matrix.reference import ANYONE, OPERATE, SIGNED_IN, may
from tests.matrix.walk import filled

OWNER, MEMBER, VIEWER, STRANGER = "owner", "member", "viewer", "stranger"
# Who walks, and as what; whoever is a stranger holds nothing.
ROLES = {
    OWNER: frozenset({"OrgOwner"}),
    MEMBER: frozenset({"OrgMember", "ProjectEditor"}),
    VIEWER: frozenset({"OrgMember", "ProjectViewer"}),
}
MISSING = "missing"
_O = "o/<slug:organization>"

# What no walk can look at, a journey through a browser does: tests/console/browser/acts.json.
_JOURNEY = "tests/console/browser"
NO_PAGES = {
    "": "leads to the organization",
    "o/-": "leads to the organization",
    "o/-/": "leads to the organization",
    "o/-/<path:rest>": "leads to the organization",
    f"{_O}/p/<slug:project>/indexes/new": "leads to the form",
    f"{_O}/p/<slug:project>/new-index/call": f"a part of the form: {_JOURNEY}",
    f"{_O}/billing/statement": "a document that its link saves",
    f"{_O}/p/<slug:project>/indexes/<str:name>/browse/record": f"a drawer: {_JOURNEY}",
    "organizations/new": f"closed unless the operator opens it: {_JOURNEY}",
    "signin/mfa": f"stands between two steps: {_JOURNEY}",
    "signin/passkey/options": f"an answer for scripts: {_JOURNEY}",
    "sso/<slug:organization>/start": f"leads to the provider: {_JOURNEY}",
    "sso/saml/<uuid:connection_id>/metadata": "a document for providers",
    "sso/saml/<uuid:connection_id>/login": f"leads to the provider: {_JOURNEY}",
    "sso/saml/<uuid:connection_id>/finish": f"leads into the console: {_JOURNEY}",
    "sso/saml/<uuid:connection_id>/slo": f"leads to the provider: {_JOURNEY}",
    "styleguide": f"open only while debugging: {_JOURNEY}",
}
BROWSED = frozenset(route for route, why in NO_PAGES.items() if why.endswith(_JOURNEY))
# About an encryption key that the empty project does not have.
_ABOUT_A_KEY = {
    f"{_O}/p/<slug:project>/encryption/{act}" for act in ("secret", "disable", "enable", "detach")
}
# Another state of a page, worth a look of its own.
_STATES = {
    f"{_O}/audit": {"audit-nothing-fits": "?text=nothing+fits"},
    f"{_O}/p/<slug:project>/jobs": {"project-jobs-failed": "?state=failed"},
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
    if right in {OPERATE, SIGNED_IN}:
        return
    for who in (MEMBER, VIEWER):
        if may(ROLES[who], right):
            yield who


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

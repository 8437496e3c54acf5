"""What pages offer: nothing that the person may not do, and everything that the owner may."""

from collections.abc import Iterator
from urllib.parse import urljoin, urlsplit

import pytest
from django.urls import Resolver404, resolve
from lxml import html

from accounts.models import User
from tests.console.conftest import Site
from tests.console.furnished import furnish
from tests.matrix.cast import Person
from tests.matrix.console_rows import ROWS
from tests.matrix.reference import ANYONE, OPERATE, SIGNED_IN, may
from tests.tour import listeners
from tests.tour.pages import MEMBER, NO_PAGES, OWNER, ROLES, VIEWER, page_routes, pages

# Where a control leads: "POST o/<slug:organization>/…".
Offer = str
_LINKS = "//a[@href] | //*[@hx-get] | //*[@hx-post]"
_SENDS = ".//button[@type='submit'] | .//input[@type='submit']"


@pytest.fixture
def addresses(site: Site) -> dict[str, str]:
    return furnish(site.world)


@pytest.mark.parametrize(("who", "name"), [(OWNER, "mara"), (MEMBER, "bob"), (VIEWER, "vera")])
def test_nobody_is_offered_what_they_may_not_do(
    site: Site, addresses: dict[str, str], who: str, name: str
) -> None:
    own_paths = listeners.paths(site.organization)
    offered = _offered(site.world.people[name], who, addresses, own_paths)
    refused = {
        offer: sorted(places)
        for offer, places in offered.items()
        if not _may(who, ROWS[offer].right)
    }
    assert not refused
    assert len(offered) > 20


def _may(who: str, right: str) -> bool:
    if right in {ANYONE, SIGNED_IN}:
        return True
    # The owner of the furnished organization runs the installation too.
    return who == OWNER if right == OPERATE else may(ROLES[who], right)


def _offered(
    user: User, who: str, addresses: dict[str, str], own_paths: dict[str, str]
) -> dict[Offer, set[str]]:
    """Each offer with the pages that make it."""
    browser = Person(who, user).browser()
    found: dict[Offer, set[str]] = {}
    for page in pages(addresses, own_paths):
        if page.who != who:
            continue
        answer = browser.get(page.path)
        assert answer.status_code in {200, 404}, (page, answer.status_code)
        for offer in _offers(answer.content, page.path):
            found.setdefault(offer, set()).add(page.name)
    return found


def _offers(content: bytes, path: str) -> Iterator[Offer]:
    tree = html.fromstring(content)
    for one in tree.xpath(_LINKS):
        for method, name in (("GET", "href"), ("GET", "hx-get"), ("POST", "hx-post")):
            if one.get(name) is not None:
                yield from _led_to(method, one.get(name), path)
    for form in tree.xpath("//form"):
        if form.xpath(_SENDS):
            yield from _led_to(form.get("method", "get").upper(), form.get("action", ""), path)


def _led_to(method: str, address: str, path: str) -> Iterator[Offer]:
    """Nothing for addresses of others, and for files."""
    place = urlsplit(urljoin(f"http://testserver{path}", address))
    if place.netloc != "testserver":
        return
    try:
        route = resolve(place.path).route
    except Resolver404:
        return
    if f"{method} {route}" in ROWS:
        yield f"{method} {route}"


_P = "o/<slug:organization>/p/<slug:project>"
_I = f"{_P}/indexes/<str:name>"
# What is offered in another state than that of the furnished organization; browsers do it there.
_IN_ANOTHER_STATE: dict[Offer, str] = {
    "GET confirm": "leads on from acts, where the last proof is old",
    "POST account/sessions/end": "with several sessions",
    "POST operator/organizations/<slug:organization>/resume": "of a suspended organization",
    "POST operator/organizations/<slug:organization>/support/enter": "at its owners' word",
    "POST operator/support/leave": "after entering",
    "POST o/<slug:organization>/settings/support/end": "while support may look",
    "POST organizations/new": "where the operator lets people found",
    f"POST {_P}/backups/<uuid:backup_id>/verify": "of a backup that is not being verified",
    f"POST {_P}/settings/delete": "of a project that holds nothing",
    f"POST {_I}/browse/delete": "of an index that is ready",
    f"POST {_I}/browse/record": "of an index that is ready",
    f"POST {_I}/sample": "of an index that is ready",
    f"POST {_I}/imports/<uuid:import_id>/cancel": "of an import under way",
}


def test_whatever_the_owner_may_do_is_offered_somewhere(
    site: Site, addresses: dict[str, str]
) -> None:
    own_paths = listeners.paths(site.organization)
    offered = _offered(site.world.people["mara"], OWNER, addresses, own_paths).keys()
    may_do = {
        act
        for act, row in ROWS.items()
        if row.right != ANYONE and (act.startswith("POST ") or _is_page(act))
    }
    missing = may_do - offered - _IN_ANOTHER_STATE.keys()
    assert not missing, "\n".join(sorted(missing))
    assert not _IN_ANOTHER_STATE.keys() & offered, "offered after all"


def _is_page(act: str) -> bool:
    return act.removeprefix("GET ") in page_routes() and act.removeprefix("GET ") not in NO_PAGES

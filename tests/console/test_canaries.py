"""Whatever people and programs store, pages show it as text."""

import pytest
from lxml import html

from cli.embedded.postgres import EmbeddedPostgres
from tests.console.conftest import Site
from tests.console.furnished import furnish
from tests.matrix.cast import Person
from tests.support.canaries import HATCHED, Nest, plant
from tests.tour.pages import OWNER, pages


@pytest.fixture
def addresses(site: Site) -> dict[str, str]:
    return furnish(site.world)


def test_no_page_takes_a_text_for_markup(
    site: Site, addresses: dict[str, str], postgres_server: EmbeddedPostgres
) -> None:
    browser = Person("owner", site.world.people["mara"]).browser()
    nests = plant(postgres_server)
    shown: set[str] = set()
    hatched = []
    for page in pages(addresses, {}):
        if page.who != OWNER:
            continue
        answer = browser.get(page.path)
        assert answer.status_code in {200, 404}, (page, answer.status_code)
        tree = html.fromstring(answer.content)
        hatched += [(page.name, html.tostring(one)[:200]) for one in tree.xpath(HATCHED)]
        shown |= _marks(nests, answer.content.decode())
    assert not hatched
    # The walk means nothing where nothing of it was to be seen.
    assert shown >= {
        "accounts.User.name", "accounts.User.email", "audit.Event.actor_name",
        "audit.Event.target_name", "orgs.Organization.name", "orgs.Invitation.email",
        "orgs.ServiceAccount.name", "orgs.EmailDomain.domain", "projects.Project.name",
        "projects.ApiKey.name", "sso.SamlConnection.name", "scim.DirectoryGroup.display_name",
        "scim.ScimToken.name", "usersessions.UserSession.user_agent",
    }  # fmt: skip


def _marks(nests: list[Nest], content: str) -> set[str]:
    return {one.field for one in nests if one.mark in content}

"""Whatever people and programs store, pages show it as text."""

from collections.abc import Iterator

import pytest
from lxml import html

from audit.models import Stream
from cli.embedded.postgres import EmbeddedPostgres
from tests.console.conftest import Site
from tests.console.furnished import furnish
from tests.matrix.cast import Person
from tests.support.canaries import (
    HATCHED,
    NOT_PLANTED,
    Nest,
    name_of,
    plant,
    text_fields,
    unwritten,
)
from tests.tour.pages import OWNER, Page, pages
from webhooks.models import Webhook

# Planted, and shown by no page that the walk comes to.
_NOTES, _EXPORTS = "Stonepine's own notes", "stands in exports of the log only"
_ON_NO_PAGE = {
    "accounts.PendingLetter.letter": _NOTES,
    "accounts.PendingLetter.to": "an address to send to, that of a person or an invitation",
    "audit.Event.organization_name": _EXPORTS,
    "audit.Event.target_id": _EXPORTS,
    "audit.Event.user_agent": _EXPORTS,
    "indexes.Backup.tags": "shown by the API",
    "indexes.Import.uri": "shown by the API",
    "indexes.Node.address": _NOTES,
    "indexes.Node.place": _NOTES,
    "indexes.Node.zone": "shown to operators",
    "indexes.Part.address": _NOTES,
    "indexes.Part.name": _NOTES,
    "indexes.StorageIntegration.name": "shown by the API",
    "metrics.Activity.operation": _NOTES,
    "notices.Notice.subject_id": _NOTES,
    "scim.DirectoryGroup.display_key": _NOTES,
    "scim.DirectoryGroup.external_id": "shown to the identity provider",
    "scim.DirectoryUser.external_id": "shown to the identity provider",
    "scim.DirectoryUser.user_key": _NOTES,
    "scim.FormerPerson.external_id": _NOTES,
    "sso.Identity.name_id": _NOTES,
    "sso.SsoSession.session_index": _NOTES,
    "webhooks.Webhook.url": "of rows of before: the address that pages show is sealed",
}


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
    for page in [*pages(addresses, {}), *_troubled(addresses)]:
        if page.who != OWNER:
            continue
        answer = browser.get(page.path)
        assert answer.status_code in {200, 404}, (page, answer.status_code)
        tree = html.fromstring(answer.content)
        hatched += [(page.name, html.tostring(one)[:200]) for one in tree.xpath(HATCHED)]
        shown |= _marks(nests, answer.content.decode())
    assert not hatched
    planted = {one.field for one in nests if one.mark}
    unseen = planted - shown - set(_ON_NO_PAGE)
    assert not unseen, f"{unseen}: furnish a row of it, or say in _ON_NO_PAGE why no page shows it"
    assert not shown & set(_ON_NO_PAGE), "shown after all"


def test_every_field_that_may_hold_a_text_is_planted_or_said_not_to_be() -> None:
    fields = {name_of(field) for field in text_fields()}
    assert not unwritten(), "say in tests/support/canaries.py what stands there, or why no canary"
    assert set(NOT_PLANTED) <= fields, "no such fields any more"


def _troubled(addresses: dict[str, str]) -> Iterator[Page]:
    """Pages of what is not well: they say why."""
    home = f"/o/{addresses['organization']}"
    for stream in Stream.objects.using("system").exclude(attempts=0):
        yield Page("a stream", f"{home}/audit/streams/{stream.pk}", OWNER)
    for hook in Webhook.objects.using("system").exclude(disabled_at=None):
        yield Page("a webhook", f"{home}/p/{addresses['project']}/webhooks/{hook.pk}", OWNER)


def _marks(nests: list[Nest], content: str) -> set[str]:
    return {one.field for one in nests if one.mark and one.mark in content}

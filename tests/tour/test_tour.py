"""No page is left out of the tour, and no page of it has a fault."""

import pytest

from tests.matrix.console_rows import ROWS
from tests.matrix.walk import parameters
from tests.support.browser import running_chromium
from tests.tour import listeners, pages
from tests.tour.stage import running_tour

# What tests/tour/furniture.py gives: a page with another parameter must be given its value there.
GIVEN = {
    "certificate", "connection", "event_id", "factor_id", "group_id", "invitation_id", "key_id",
    "name", "organization", "project", "secret_id", "service_account_id", "test", "token_id",
    "user_id", "backup_id", "job_id", "kind", "receiver", "stream_id", "webhook_id",
    "delivery_id", "collection",
}  # fmt: skip
OWN_PATHS = {
    "setup", "invite/<str:token>", "reset/<str:token>", "verify/account/<str:token>",
    "verify/address/<str:token>", "confirm",
}  # fmt: skip


def test_every_page_can_be_visited() -> None:
    for route in pages.page_routes():
        unknown = set(parameters(route)) - GIVEN
        assert not unknown or route in OWN_PATHS, (
            f"/{route}: give {unknown} a value in tests/tour/furniture.py, "
            "or say in tests/tour/pages.py why it is no page"
        )
    gone = [route for route in pages.NO_PAGES if f"GET {route}" not in ROWS]
    assert not gone, "no such routes any more"


@pytest.mark.nightly
@pytest.mark.stack
@pytest.mark.browser
def test_every_page_fits_and_is_accessible_and_quiet() -> None:
    """In both themes and at three widths, for the owner, a viewer and strangers."""
    with running_tour() as tour, running_chromium() as browser:
        assert set(tour.facts.values) >= GIVEN
        assert set(tour.facts.paths) == OWN_PATHS | set(listeners.routes())
        faults = tour.walk(browser)
    assert not faults, "\n" + "\n".join(faults)

"""The pages of an index in a browser, over a real node: sample records, browsed, asked, changed."""

from collections.abc import Callable, Iterator
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Locator, Page, expect

from indexes.queries import get_index
from indexes.records import upsert_records
from tests.console.browser.conftest import OpenTab, Tab, prove
from tests.console.browser.test_look import faults
from tests.console.conftest import Site
from tests.support.canaries import ALARM, CANARY, SILENT
from tests.support.node import bring_up, running_node

pytestmark = pytest.mark.browser

Look = Callable[[Tab, str], list[str]]


def _nothing(tab: Tab, name: str) -> list[str]:
    return []


@pytest.fixture
def articles(site: Site) -> Iterator[str]:
    """The address of an empty index that a node serves."""
    with running_node():
        bring_up(site.world.index("articles"))
        yield f"{site.place}/indexes/articles"


@pytest.mark.parametrize("name", [pytest.param("alice", marks=pytest.mark.nightly), "bob"])
def test_an_index_is_filled_browsed_asked_and_emptied(
    open_tab: OpenTab, site: Site, articles: str, name: str
) -> None:
    """By an owner and by a member, who see the same: what it looks like is looked at once."""
    tab = open_tab(site.world.people[name])
    prove(tab, site, site.world.people[name])
    look = faults if name == "alice" else _nothing
    page = tab.open(articles)
    found = look(tab, "index-empty-light")
    page.get_by_role("button", name="Add sample records").click()
    expect(page.get_by_role("status")).to_contain_text("Sample records added")
    found += _asks_quickly(tab, look)
    found += _browses(tab, look)
    found += _asks(tab, look)
    found += _looks_at_the_map(tab, look)
    found += _empties(tab, look)
    _shows_markup_as_text(tab, site, articles)
    tab.expect_complaints("422")
    assert not found


@pytest.mark.nightly
def test_the_same_pages_in_the_dark_for_a_viewer(
    open_tab: OpenTab, site: Site, articles: str
) -> None:
    owner = open_tab(site.alice)
    owner.open(articles).get_by_role("button", name="Add sample records").click()
    expect(owner.page.get_by_role("status")).to_contain_text("Sample records added")
    tab = open_tab(site.vera, theme="dark")
    found = []
    for name in ("", "/browse", "/query", "/map", "/namespaces", "/imports"):
        page = tab.open(articles + name)
        expect(page.get_by_role("main").get_by_role("button", name="Delete")).to_have_count(0)
        found += faults(tab, f"index{name.replace('/', '-')}-viewer-dark")
    page = tab.open(f"{articles}/query")
    page.get_by_label("Compare with a second query").check()
    page.get_by_role("group", name="Second query").get_by_label("Filter").fill('{"language": "de"}')
    page.get_by_role("button", name="Run query").click()
    expect(page.get_by_role("region", name="Second query", exact=True)).to_contain_text(
        "10 matches"
    )
    found += faults(tab, "index-compare-dark")
    page.get_by_role("link", name="article-0").first.click()
    expect(page.get_by_role("dialog")).to_contain_text("Metadata")
    found += faults(tab, "index-record-viewer-dark")
    assert not found


def _looks_at_the_map(tab: Tab, look: Look) -> list[str]:
    """By keyboard, by mouse, and by hiding groups."""
    page = tab.page
    page.get_by_role("link", name="Map", exact=True).click()
    plane = page.get_by_role("application", name="Map of")
    plane.focus()
    side = page.locator(".map-point")
    plane.press("ArrowRight")
    expect(side.get_by_role("heading")).to_contain_text("article-")
    first = side.get_by_role("heading").inner_text()
    plane.press("ArrowLeft")
    expect(side.get_by_role("heading")).not_to_have_text(first)
    chosen = side.get_by_role("heading").inner_text()
    found = look(tab, "index-map-light")
    plane.press("Enter")
    expect(page.get_by_role("dialog")).to_contain_text(chosen)
    page.keyboard.press("Escape")
    _points_at(plane, side, chosen)
    billing = page.get_by_role("button", name="billing")
    billing.click()
    expect(billing).to_have_attribute("aria-pressed", "false")
    table = page.get_by_role("region", name="The map in numbers")
    table.get_by_role("link", name="Browse billing").click()
    expect(page.get_by_label("Metadata filter")).to_have_value('{"topic": {"$eq": "billing"}}')
    return found


def _points_at(plane: Locator, side: Locator, chosen: str) -> None:
    """Wherever the mouse crosses the map, it finds a record at last, and a click opens it."""
    box = plane.bounding_box()
    assert box is not None
    page = plane.page
    for step in range(40):
        page.mouse.move(box["x"] + box["width"] * step / 40, box["y"] + box["height"] / 2)
        if side.get_by_role("heading").inner_text() != chosen:
            break
    expect(side.get_by_role("heading")).not_to_have_text(chosen)
    pointed_at = side.get_by_role("heading").inner_text()
    page.mouse.down()
    page.mouse.up()
    expect(page.get_by_role("dialog")).to_contain_text(pointed_at)
    page.keyboard.press("Escape")


def _asks_quickly(tab: Tab, look: Look) -> list[str]:
    page = tab.page
    expect(page.get_by_label("Record ID")).to_have_value("article-000")
    found = look(tab, "index-overview-light")
    page.get_by_role("button", name="Find similar records").click()
    matches = page.get_by_role("region", name="Matches", exact=True)
    expect(matches).to_contain_text("5 matches")
    return found


def _browses(tab: Tab, look: Look) -> list[str]:
    page = tab.page
    _go(page, "Browser")
    found = look(tab, "index-browse-light")
    page.get_by_label("ID begins with").fill("article-01")
    page.get_by_role("button", name="Show").click()
    expect(page.get_by_text("10 on this page")).to_be_visible()
    page.get_by_role("link", name="article-010").click()
    drawer = page.get_by_role("dialog", name="article-010")
    metadata = drawer.get_by_label("Metadata")
    metadata.fill('{"year": ')
    expect(drawer.get_by_text("Not JSON yet")).to_be_visible()
    metadata.fill('{"year": 1999}')
    found += look(tab, "index-record-light")
    drawer.get_by_role("button", name="Save metadata").click()
    expect(page.get_by_role("status")).to_contain_text("Metadata of article-010 saved")
    page.get_by_role("checkbox", name="Choose article-000").check()
    page.get_by_role("checkbox", name="Choose article-001").check()
    page.get_by_role("button", name="Delete chosen").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete 2 records").click()
    expect(page.get_by_role("status")).to_contain_text("2 records deleted")
    expect(page.get_by_role("link", name="article-000")).to_have_count(0)
    return found


def _asks(tab: Tab, look: Look) -> list[str]:
    page = tab.page
    _go(page, "Query")
    page.get_by_role("radiogroup").get_by_text("Vector").click()
    page.get_by_role("button", name="Run query").click()
    expect(page.get_by_role("alert")).to_contain_text("takes 4 numbers; these are 0")
    page.get_by_role("button", name="Random vector").click()
    page.get_by_role("button", name="language", exact=True).click()
    expect(page.get_by_label("Filter").first).to_have_value('{"language":{"$eq":""}}')
    page.keyboard.type("fr")
    page.get_by_role("button", name="Run query").click()
    answer = page.get_by_role("region", name="Matches", exact=True)
    expect(answer).to_contain_text("10 matches")
    expect(answer).to_contain_text("recent writes exactly")
    expect(page.get_by_role("region", name="The same query from code")).to_contain_text("'fr'")
    _asks_again(page)
    return look(tab, "index-query-light")


def _asks_again(page: Page) -> None:
    """What was asked by a record's id is offered again; vectors are not kept."""
    asked = page.get_by_role("region", name="Asked before")
    expect(asked).to_be_hidden()
    page.get_by_role("radiogroup").get_by_text("Record ID").click()
    page.get_by_role("textbox", name="Record ID").fill("article-007")
    page.get_by_label("Filter").first.fill("")
    page.get_by_role("button", name="Run query").click()
    again = asked.get_by_role("button", name="like article-007")
    expect(again).to_contain_text("top 10")
    page.reload()
    page.get_by_role("textbox", name="Record ID").fill("article-011")
    again.click()
    expect(page.get_by_role("textbox", name="Record ID")).to_have_value("article-007")
    expect(page.get_by_role("region", name="Matches", exact=True)).to_contain_text("article-007")


def _empties(tab: Tab, look: Look) -> list[str]:
    page = tab.page
    _go(page, "Namespaces")
    page.get_by_role("link", name="Create namespace").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Name").fill("tickets-eu")
    dialog.get_by_role("button", name="Create namespace").click()
    expect(page.get_by_role("row", name="tickets-eu")).to_be_visible()
    found = look(tab, "index-namespaces-light")
    page.get_by_role("link", name="Delete sample").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("238 records")
    delete = dialog.get_by_role("button", name="Delete namespace")
    expect(delete).to_be_disabled()
    dialog.get_by_label("Type sample to confirm").fill("sample")
    dialog.get_by_label("Type sample to confirm").press("Escape")
    _go(page, "Danger zone")
    page.get_by_role("link", name="Delete all records of sample").click()
    dialog.get_by_label("Type sample to confirm").fill("sample")
    dialog.get_by_role("button", name="Delete all records").click()
    expect(page.get_by_role("row", name="sample")).to_contain_text("0")
    page.get_by_role("link", name="Delete sample").click()
    dialog.get_by_label("Type sample to confirm").fill("sample")
    dialog.get_by_role("button", name="Delete namespace").click()
    expect(page.get_by_role("link", name="Delete sample")).to_have_count(0)
    return found


def _shows_markup_as_text(tab: Tab, site: Site, articles: str) -> None:
    """What a client writes into ids, fields, values and names of namespaces."""
    page = tab.page
    page.add_init_script(ALARM)
    alice = site.world.alice
    index = get_index(alice, site.project, "articles")
    record = {"id": CANARY, "values": [1, 2, 3, 4], "metadata": {CANARY: CANARY}}
    upsert_records(alice, index, CANARY, [record])
    place = urlencode({"namespace": CANARY, "id": CANARY})
    for path in ("", "/browse", "/browse/record", "/query", "/namespaces", "/danger"):
        tab.open(f"{articles}{path}?{place}")
        expect(page.get_by_role("main")).to_contain_text(CANARY)
        assert page.evaluate(SILENT), path
    tab.open(f"{articles}/query?{place}")
    page.get_by_role("button", name="Run query").click()
    page.get_by_role("region", name="Matches", exact=True).get_by_role("link").first.click()
    expect(page.get_by_role("dialog")).to_contain_text(CANARY)
    assert page.evaluate(SILENT)


def _go(page: Page, label: str) -> None:
    page.get_by_role("navigation", name="Index").get_by_role("link", name=label).click()

"""Each form shows the call that does the same: it is one that the API answers, filled in."""

import re
from pathlib import Path

import pytest
from django.test import Client

from console.calls import CALLS, WITHOUT, Call
from tests.console.conftest import Site
from tests.matrix.api_rows import ROWS
from tests.matrix.cast import Person
from tests.matrix.data_rows import REST

TEMPLATES = Path(__file__).resolve().parents[2] / "templates"
_SHOWS = re.compile(r"components/code\.html|\{% same_call %\}")
_NAMES = re.compile(r"""(?:url 'console:|place_url ")(\w+)['"]""")


def answered(call: Call) -> bool:
    """Whether the API's own table has such a call."""
    path = re.sub(r"\{\w+\}|\$[A-Z_]+", "x", call.path)
    rows = REST if call.face == "vector" else ROWS
    for key in rows:
        method, _, route = key.partition(" ")
        pattern = re.sub(r"<[^>]+>|\{[^}]+\}", "[^/]+", route.strip("/"))
        if method == call.method and re.fullmatch(pattern, path.strip("/")):
            return True
    return False


@pytest.mark.parametrize("name", CALLS)
def test_the_api_answers_the_call(name: str) -> None:
    assert answered(CALLS[name])


def test_each_form_shows_its_call_or_says_why_not() -> None:
    silent = []
    for path in sorted(TEMPLATES.rglob("*.html")):
        text = path.read_text()
        if 'class="sheet"' not in text or 'method="post"' not in text or _SHOWS.search(text):
            continue
        names = set(_NAMES.findall(text))
        if not names & set(WITHOUT):
            silent.append(path.name)
    assert not silent
    assert not set(CALLS) & set(WITHOUT)


def test_the_page_fills_its_own_places_in(site: Site) -> None:
    alice = Person("alice", site.alice).browser()
    site.world.index()
    key, _ = site.world.key()
    for path, expected in (
        (f"{site.place}/indexes/movies/backups/new", "/indexes/movies/backups"),
        (f"{site.place}/keys/{key.pk}/revoke", f"/admin/api-keys/{key.pk}"),
        (f"{site.place}/settings/name", f"/admin/projects/{site.project.pk}"),
        (f"{site.home}/settings/name", f"/admin/organizations/{site.organization.public_id}"),
    ):
        page = _words(alice, path)
        assert expected in page
        assert "The same call from code" in page
    assert "$PINECONE_ACCESS_TOKEN" in _words(alice, f"{site.place}/settings/name")
    assert "$PINECONE_API_KEY" in _words(alice, f"{site.place}/indexes/movies/backups/new")


def _words(client: Client, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200
    return re.sub(r"<[^>]+>", "", answer.content.decode())

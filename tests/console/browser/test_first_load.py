"""What a browser that knows nothing of Stonepine yet fetches for its first page."""

import gzip

import pytest
from playwright.sync_api import Response

from tests.console.browser.conftest import OpenTab
from tests.console.conftest import Site

pytestmark = pytest.mark.browser

_MOST_BYTES = 100_000
_FACES_MOST_BYTES = 180_000


@pytest.mark.parametrize("name", ["sign-in", "overview", "index"])
def test_a_first_load_is_small(open_tab: OpenTab, site: Site, name: str) -> None:
    site.world.index("articles")
    paths = {
        "sign-in": "/signin",
        "overview": site.home,
        "index": f"{site.place}/indexes/articles",
    }
    tab = open_tab(None if name == "sign-in" else site.alice)
    answers: list[Response] = []
    tab.page.on("response", lambda answer: answers.append(answer))  # noqa: PLW0108 - no builtin
    tab.open(paths[name])
    tab.page.wait_for_load_state("networkidle")
    fetched = {answer.url: answer for answer in answers if answer.status == 200}
    faces = [one for one in fetched.values() if one.url.endswith(".woff2")]
    rest = [one for one in fetched.values() if one not in faces]
    packed = sum(len(gzip.compress(one.body(), 9)) for one in rest)
    of_faces = sum(len(one.body()) for one in faces)
    print(f"{name}: {packed:,} bytes gzipped in {len(rest)} files, faces {of_faces:,}")  # noqa: T201 - the figure
    assert len(rest) > 20
    assert packed < _MOST_BYTES
    assert 0 < of_faces < _FACES_MOST_BYTES

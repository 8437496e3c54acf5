"""The compliance page: live evidence for owners, shortened; the whole of it as a file."""

import json

from tests.console.conftest import Site
from tests.matrix.cast import Person


def test_the_owner_sees_what_is_so_and_takes_it_along(site: Site) -> None:
    alice = Person("alice", site.alice).browser()
    page = alice.get(f"{site.home}/compliance").content.decode()
    for words in ("Second factors", "Access review", "What is kept, and how long", "Vera"):
        assert words in page
    assert page.index("needs work") < page.index(">met<")
    answer = alice.post(f"{site.home}/compliance/export")
    assert answer["Content-Disposition"].startswith('attachment; filename="evidence-pine-')
    assert "no-store" in answer["Cache-Control"]
    found = json.loads(answer.content)
    assert found["organization"]["slug"] == "pine"
    assert len(found["controls"]) == 14


def test_others_neither_see_it_nor_are_led_there(site: Site) -> None:
    bob = Person("bob", site.bob).browser()
    assert bob.get(f"{site.home}/compliance").status_code == 403
    assert "/compliance" not in bob.get(site.home).content.decode()
    assert bob.post(f"{site.home}/compliance/export").status_code == 403

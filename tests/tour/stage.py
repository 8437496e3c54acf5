"""A furnished installation, and the whole walk through it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser

from tests.support.key_house import key_house
from tests.support.stack import Stack, running_stack
from tests.tour.furniture import KEY_HOUSE, Furnished, furnished, sessions
from tests.tour.pages import MEMBER, OWNER, STRANGER, VIEWER, pages
from tests.tour.walker import THEMES, walk


@dataclass(frozen=True)
class Tour:
    stack: Stack
    facts: Furnished

    def walk(self, browser: Browser, *, wanted: str = "", folder: Path | None = None) -> list[str]:
        """Everybody in both themes. Proofs last a quarter of an hour: each walk gets fresh ones.
        Of members there are no pictures: theirs are the owner's with some controls less."""
        found = []
        todo = pages(self.facts.values, self.facts.paths)
        visitors = (OWNER, VIEWER, STRANGER) if folder else (OWNER, MEMBER, VIEWER, STRANGER)
        for theme in THEMES:
            for who in visitors:
                cookies = {} if who == STRANGER else sessions(self.stack)[who]
                theirs = [one for one in todo if one.who == who and wanted in one.name]
                found += walk(
                    browser, self.stack.api_url, theirs,
                    cookies=cookies, theme=theme, folder=folder,
                )  # fmt: skip
        return found


@contextmanager
def running_tour() -> Iterator[Tour]:
    with (
        key_house() as house,
        running_stack(
            STONEPINE_SIGN_UP="true",
            STONEPINE_TRUST_PAGE="true",
            STONEPINE_TRUST_CONTACT="security@hollin.example",
            STONEPINE_OUTBOUND_ALLOW="kms=127.0.0.0/8",
            **{KEY_HOUSE: house.url},
        ) as stack,
    ):
        yield Tour(stack, furnished(stack))

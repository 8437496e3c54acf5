"""What a test does to the console in its browser, by what the browser sent and what came back."""

import json
import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from django.urls import Resolver404, resolve
from playwright.sync_api import BrowserContext, Request, Response

from tests.console.browser.acts import ACTS, Acts, load_acts
from tests.tour.pages import BROWSED

_REFUSED = 400


@dataclass
class Witness:
    """`test` is its file and name; `seen` are pairs of an act and who did it."""

    test: str
    seen: set[tuple[str, str]] = field(default_factory=set)

    def watch(self, context: BrowserContext, who: str) -> None:
        # Of a file that is saved there is no response.
        context.on("request", lambda request: self._note(request, who, "GET"))
        context.on("response", lambda response: self._note_done(response, who))

    def _note_done(self, response: Response, who: str) -> None:
        if response.status < _REFUSED:
            self._note(response.request, who, "POST")

    def _note(self, request: Request, who: str, method: str) -> None:
        try:
            route = resolve(urlsplit(request.url).path).route
        except Resolver404:
            return
        if request.method == method and (method == "POST" or route in BROWSED):
            self.seen.add((f"{method} {route}", who))

    def unkept(self) -> list[str]:
        """What the table says of this test, and it did not do."""
        if os.environ.get("STONEPINE_WRITE_ACTS") == "1":
            write_acts(ACTS, self.test, self.seen)
        claimed = {
            (act, who)
            for act, doers in load_acts().items()
            for who, test in doers.items()
            if test == self.test
        }
        return sorted(f"{who}: {act}" for act, who in claimed - self.seen)


def write_acts(table: Path, test: str, seen: Iterable[tuple[str, str]]) -> None:
    """Have the table say of this test what it did and no other test is named for."""
    known: Acts = load_acts(table)
    for doers in known.values():
        for who in [who for who, named in doers.items() if named == test]:
            del doers[who]
    for act, who in seen:
        known.setdefault(act, {}).setdefault(who, test)
    kept = {act: dict(sorted(doers.items())) for act, doers in sorted(known.items()) if doers}
    table.write_text(json.dumps(kept, indent=1, ensure_ascii=False) + "\n")

"""Crossing rows with callers: the cells, and what is wrong with those that surprise."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from django.db import transaction
from django.http import HttpResponse

from audit.models import Event
from tests.matrix.cast import KeyHolder, Person
from tests.matrix.reference import ANYONE, OPERATE, PROJECT_READ, SIGNED_IN, may
from tests.matrix.rows import Row, Rows
from tests.matrix.walk import METHODS

IS_NIGHTLY = os.environ.get("STONEPINE_NIGHTLY") == "1"
SIGN_IN = "sent to sign in"
# What a client may send to have one method taken for another; nobody may listen to it.
OVERRIDE = {
    "X-HTTP-Method-Override": "DELETE",
    "X-HTTP-Method": "DELETE",
    "X-Method-Override": "PUT",
}
# Whether anybody listens does not depend on who calls: those try it who could do most with it.
WAYS = (*METHODS, "POST, overridden")


@dataclass(frozen=True, slots=True)
class Cell:
    """One try. `expected` and `got` are statuses, or in words where a status is ambiguous."""

    caller: str
    method: str
    route: str
    expected: str
    got: str
    remark: str = ""

    @property
    def is_surprising(self) -> bool:
        return self.expected != self.got or bool(self.remark)


def row_of(rows: Rows, method: str, route: str) -> Row | None:
    """An overridden POST is a POST."""
    return rows.get(f"{method.removesuffix(', overridden')} {route}")


def cells(
    label: str,
    routes: list[str],
    rows: Rows,
    *,
    expected: Callable[[Row | None, str], str],
    call: Callable[[str, str, Row | None], HttpResponse],
    ways: tuple[str, ...] = METHODS,
    is_thorough: bool = True,
) -> Iterator[Cell]:
    """Every method of every route for one caller. Of what is denied, events are counted.

    A method that a route does not have is refused whoever asks: in `make nightly` everybody tries
    it, else who is thorough.
    """
    events = Event.objects.using("system")
    before = events.count()
    for route in routes:
        for method in ways:
            row = row_of(rows, method, route)
            if row is None and not (is_thorough or IS_NIGHTLY):
                continue
            got = answer(call(method, route, row), row)
            remark, wanted = "", expected(row, route)
            if row is None and got not in {"405", "401", wanted}:
                remark = f'- meant to answer? Then add a row "{method} {route}": Row(…)'
            elif row is not None and method not in {"GET", "HEAD"}:
                after = events.count()
                if got == "403" and after - before != row.denied_events:
                    remark = f"and {after - before} audit events, not {row.denied_events}"
                before = after
            yield Cell(label, method, route, wanted, got, remark)


def expected_of_person(person: Person, row: Row | None, route: str) -> str:
    if route.partition("/")[0] == "operator" and not person.is_operator:
        return "404"
    if row is None:
        return "405"
    if row.right == ANYONE:
        status = row.signed_in if person.is_signed_in and row.signed_in else row.allowed
        return str(status)
    if not person.is_signed_in:
        return SIGN_IN
    if row.right == OPERATE:
        return str(row.allowed)
    if row.right == SIGNED_IN:
        return str(row.homeless if person.is_homeless and row.homeless else row.allowed)
    is_hidden = "<slug:project>" in route and not may(person.roles, PROJECT_READ)
    if not person.is_member or is_hidden:
        return "404"
    return row.for_holders if may(person.roles, row.right) else "403"


def expected_of_key(key: KeyHolder, row: Row | None, route: str, *, is_open: bool) -> str:
    if is_open:
        return "405" if row is None else str(row.allowed)
    if key.roles is None or route.startswith(("admin/", "scim/")):
        return "401"
    if row is None:
        return "405"
    if not may(key.roles, row.right):
        return "403"
    # A key is of one project: what it may do it may do there, and sees nothing beside it.
    is_beside = key.is_elsewhere and "<" in route
    # What tells of the whole project tells of as much of it as the key reaches.
    if is_beside and not (key.is_of_project and "<uuid:project_id>" in route):
        return "404"
    return row.for_holders


def answer(response: HttpResponse, row: Row | None = None) -> str:
    """The status; with words where the status alone would not tell."""
    if row is not None and row.says and row.says.encode() in response.content:
        return f"{response.status_code} {row.says}"
    if response.status_code == 302 and response["Location"].startswith("/signin?next="):
        return SIGN_IN
    return str(response.status_code)


def told(surprising: list[Cell]) -> str:
    """One line a surprise, with all whom it befalls."""
    befallen: dict[str, list[str]] = {}
    for cell in surprising:
        line = f"{cell.method} /{cell.route}: {cell.got}, not {cell.expected} {cell.remark}"
        befallen.setdefault(line.rstrip(), []).append(cell.caller)
    lines = [f"{line} [{', '.join(callers)}]" for line, callers in befallen.items()]
    return f"{len(surprising)} surprising cells:\n" + "\n".join(lines)


@contextmanager
def trying(row: Row | None) -> Iterator[None]:
    """Around the request of a row."""
    if row is None or not row.is_undone:
        yield
        return
    with transaction.atomic():
        yield
        transaction.set_rollback(True)

"""Does the time of an answer tell whether an address has an account? Medians, side by side.

`python -m benchmarks.enumeration --home DIR`, against a running installation that was started for
this: it makes accounts there. Requests come from many loopback addresses, a few from each, so that
none is throttled; known and unknown addresses take turns.
"""

import argparse
import logging
import random
import re
import statistics
import time
from collections.abc import Iterator
from pathlib import Path

import httpx

_ROUNDS = 100
_DOORS = {
    "/signin": {"password": "a wrong password, surely"},
    "/reset": {},
    "/signup": {},
}


def make_accounts(home: Path, count: int) -> list[str]:
    """Members of the installation's first organization."""
    from cli.entry import enter

    enter(home)
    logging.getLogger("httpx").setLevel(logging.WARNING)
    from access.actor import OPERATOR
    from access.permissions import Role
    from accounts.passwords import generated_password
    from audit.context import AuditContext, Source, acting_from
    from orgs.members import create_member
    from orgs.queries import first_organization

    stem = f"{random.getrandbits(40):x}"
    emails = [f"known-{stem}-{number}@example.com" for number in range(count)]
    organization = first_organization()
    assert organization is not None
    with acting_from(AuditContext(request_id="benchmark", source=Source.COMMAND_LINE)):
        for email in emails:
            create_member(
                OPERATOR, organization,
                email=email, name="Known", password=generated_password(), role=Role.ORG_MEMBER,
            )  # fmt: skip
    return emails


def browsers(base_url: str) -> Iterator[httpx.Client]:
    """Each from an address of its own."""
    second = random.randrange(1, 250)
    for third in range(1, 250):
        for fourth in range(1, 250):
            transport = httpx.HTTPTransport(local_address=f"127.{second}.{third}.{fourth}")
            headers = {"Accept": "text/html", "Origin": base_url}
            with httpx.Client(
                base_url=base_url, transport=transport, headers=headers, timeout=60
            ) as browser:
                yield browser


def timed(browser: httpx.Client, door: str, form: dict[str, str]) -> float:
    """Milliseconds of the POST; the form was fetched before."""
    token = re.search(r'csrfmiddlewaretoken" value="(\w+)"', browser.get(door).text)
    assert token is not None
    start = time.perf_counter()
    answer = browser.post(door, data={"csrfmiddlewaretoken": token[1], **form})
    took = (time.perf_counter() - start) * 1000
    assert answer.status_code in {200, 401}, answer.status_code
    return took


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--home", type=Path, required=True)
    arguments = parser.parse_args()
    known = make_accounts(arguments.home, _ROUNDS)
    from kit.environment import environment

    places = browsers(environment().base_url)
    for door, fixed in _DOORS.items():
        times: dict[str, list[float]] = {"known": [], "unknown": []}
        for number in range(_ROUNDS):
            pair = [("known", known[number]), ("unknown", f"no-{known[number]}")]
            for kind, email in random.sample(pair, k=2):
                times[kind].append(timed(next(places), door, {"email": email, **fixed}))
        ours, theirs = (statistics.median(times[kind]) for kind in ("known", "unknown"))
        apart = statistics.median(a - b for a, b in zip(*times.values(), strict=True))
        print(
            f"{door:8} known {ours:6.1f} ms, unknown {theirs:6.1f} ms,"
            f" median difference of pairs {apart:+.1f} ms ({apart / theirs * 100:+.1f} %)"
        )


if __name__ == "__main__":
    main()

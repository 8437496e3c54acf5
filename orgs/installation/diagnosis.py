"""What `stonepine doctor` finds, asked for from within the installation."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from django.core.cache import cache

from access.actor import Actor
from kit import clock
from kit.environment import MADE_HERE, environment
from kit.errors import Unavailable
from orgs.account_verbs import require_operator

_PATIENCE_S = 60
_KEPT_S = 24 * 3600
_KEY = "diagnosis"
_CODE = Path(__file__).resolve().parents[2]
_FOUND_NOTHING_WRONG, _FOUND_FAULTS = 0, 1


@dataclass(frozen=True, slots=True)
class Finding:
    """As `cli.doctor` tells it."""

    check: str
    is_good: bool
    message: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Diagnosis:
    made_at: datetime
    findings: list[Finding]

    @property
    def faults(self) -> int:
        return sum(not finding.is_good for finding in self.findings)


def last_diagnosis(actor: Actor) -> Diagnosis | None:
    """What was found last, within a day."""
    require_operator(actor)
    kept: Diagnosis | None = cache.get(_KEY)
    return kept


def diagnose(actor: Actor) -> Diagnosis:
    """Have every check made now, which takes a second or two."""
    require_operator(actor)
    command = [sys.executable, "-m", "cli.main", "doctor", "--json"]
    done = subprocess.run(  # noqa: S603 - our own command
        [*command, "--home", str(environment().home)],
        cwd=_CODE, env=_as_given(), capture_output=True, timeout=_PATIENCE_S, check=False,
    )  # fmt: skip
    if done.returncode not in {_FOUND_NOTHING_WRONG, _FOUND_FAULTS}:
        raise Unavailable("The checks could not be made: `stonepine doctor` says why.")
    try:
        found = [Finding(**said) for said in json.loads(done.stdout)]
    except ValueError:
        raise Unavailable("The checks could not be made: `stonepine doctor` says why.") from None
    made = Diagnosis(clock.now(), found)
    cache.set(_KEY, made, timeout=_KEPT_S)
    return made


def _as_given() -> dict[str, str]:
    """The variables as the operator has set them: the doctor tells our own from those."""
    made = set(os.environ.get(MADE_HERE, "").split(","))
    return {name: text for name, text in os.environ.items() if name not in made}

"""Long campaigns: seeded, counted, and gone on with after an interruption.

How far a campaign has come is kept outside the tree, in the folder STONEPINE_CAMPAIGNS.
STONEPINE_SEED repeats a run's choices from its beginning; STONEPINE_CAMPAIGN_S ends a run early,
to be gone on with.
"""

import json
import os
import random
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path


def _usual_folder() -> Path:
    usual = Path(tempfile.gettempdir()) / "stonepine-campaigns"
    return Path(os.environ.get("STONEPINE_CAMPAIGNS", usual))


def chosen_seed() -> int:
    return int(os.environ.get("STONEPINE_SEED", random.randrange(10**6)))


@dataclass
class Campaign:
    """`total` pieces of work, numbered from 0. A piece counts once it has been done."""

    name: str
    total: int
    seed: int = 0
    done: int = 0
    folder: Path = field(default_factory=_usual_folder)

    @classmethod
    def resume(cls, name: str, total: int) -> "Campaign":
        """The one that was interrupted; after a whole one, or with another seed, a new one."""
        campaign = cls(name, total)
        if campaign.file(".json").exists():
            kept = json.loads(campaign.file(".json").read_text())
            is_wanted = os.environ.get("STONEPINE_SEED", str(kept["seed"])) == str(kept["seed"])
            if is_wanted and kept["done"] < total:
                return cls(name, total, kept["seed"], kept["done"])
        for suffix in (".json", ".lines"):
            campaign.file(suffix).unlink(missing_ok=True)
        return cls(name, total, chosen_seed())

    def rest(self, step: int = 1) -> Iterator[int]:
        """The numbers of pieces still to do, `step` at a time, while there is time."""
        until = time.monotonic() + float(os.environ.get("STONEPINE_CAMPAIGN_S", "inf"))
        while self.done < self.total and time.monotonic() < until:
            yield self.done
            self.done = min(self.done + step, self.total)
            kept = json.dumps({"seed": self.seed, "done": self.done})
            self.file(".json").write_text(kept)

    def __str__(self) -> str:
        return f"{self.name}, seed {self.seed}: {self.done:,} of {self.total:,} done"

    def file(self, suffix: str) -> Path:
        """Where the campaign keeps something between its runs."""
        self.folder.mkdir(parents=True, exist_ok=True)
        return self.folder / f"{self.name}{suffix}"

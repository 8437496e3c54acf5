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
from dataclasses import dataclass
from pathlib import Path


@dataclass
class Campaign:
    """`total` pieces of work, numbered from 0. A piece counts once it has been done."""

    name: str
    total: int
    seed: int = 0
    done: int = 0

    @classmethod
    def resume(cls, name: str, total: int) -> "Campaign":
        """The one that was interrupted; after a whole one, or with another seed, a new one."""
        campaign = cls(name, total, int(os.environ.get("STONEPINE_SEED", random.randrange(10**6))))
        if campaign._file.exists():
            kept = json.loads(campaign._file.read_text())
            is_wanted = os.environ.get("STONEPINE_SEED", str(kept["seed"])) == str(kept["seed"])
            if is_wanted and kept["done"] < total:
                campaign.seed, campaign.done = kept["seed"], kept["done"]
        return campaign

    def rest(self, step: int = 1) -> Iterator[int]:
        """The numbers of pieces still to do, `step` at a time, while there is time."""
        until = time.monotonic() + float(os.environ.get("STONEPINE_CAMPAIGN_S", "inf"))
        while self.done < self.total and time.monotonic() < until:
            yield self.done
            self.done = min(self.done + step, self.total)
            self._file.write_text(json.dumps({"seed": self.seed, "done": self.done}))

    def __str__(self) -> str:
        return f"{self.name}, seed {self.seed}: {self.done:,} of {self.total:,} done"

    @property
    def _file(self) -> Path:
        usual = Path(tempfile.gettempdir()) / "stonepine-campaigns"
        folder = Path(os.environ.get("STONEPINE_CAMPAIGNS", usual))
        folder.mkdir(parents=True, exist_ok=True)
        return folder / f"{self.name}.json"

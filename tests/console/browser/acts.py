"""The table of acts: what of the console some test does in a real browser, and as whom.

`STONEPINE_WRITE_ACTS=1 make test T=tests/console/browser JOBS=0` writes it, by what browsers sent.
Each test answers for what it is named for: it fails where it does not do it any more.
"""

import json
from pathlib import Path

ACTS = Path(__file__).parent / "acts.json"

# "POST o/<slug:organization>/…" → who → file::name of the test.
Acts = dict[str, dict[str, str]]


def load_acts(table: Path = ACTS) -> Acts:
    if not table.exists():
        return {}
    found: Acts = json.loads(table.read_text())
    return found

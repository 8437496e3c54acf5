"""`python -m tests.tour [part of a page's name]`: pictures of every page, and what is wrong.

Starts an installation of its own, fills it, walks, and ends with 1 where a page has a fault.
"""

import shutil
import sys

from tests.support.browser import ARTIFACTS, running_chromium
from tests.tour.sheet import write_sheet
from tests.tour.stage import running_tour

FOLDER = ARTIFACTS.parent / "screenshots"


def main(wanted: str = "") -> int:
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    with running_tour() as tour, running_chromium() as browser:
        faults = tour.walk(browser, wanted=wanted, folder=FOLDER)
        if not wanted:
            write_sheet(browser, FOLDER)
    sys.stdout.write("\n".join([*faults, f"{len(faults)} faults; pictures in {FOLDER}", ""]))
    return bool(faults)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:2]))

"""`python -m tests.cli.standin PLAN.json`: the real supervisor over a plan of small stand-ins."""

import asyncio
import json
import sys
from pathlib import Path

from cli.errors import SetupError
from cli.home import Home
from cli.instance import InstanceLock
from cli.processes import Plan
from cli.supervisor import Supervisor


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def main() -> None:
    plan = Plan.from_json(json.loads(Path(sys.argv[1]).read_text()))
    home = Home(Path(plan.home))
    home.create()
    try:
        lock = InstanceLock.take(home)
        supervisor = Supervisor(plan, lock, home.status_file)
        supervisor.on_ready = lambda facts: say("welcome " + json.dumps(facts))
        asyncio.run(supervisor.run())
    except SetupError as error:
        say(error.message)
        sys.exit(2)


if __name__ == "__main__":
    main()

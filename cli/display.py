"""What the person at the terminal sees: a live table, or plain lines where there is no terminal."""

from datetime import UTC, datetime
from typing import Any

from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from cli.processes import Plan

_COLOURS = {
    "ready": "green",
    "starting": "yellow",
    "waiting": "bright_black",
    "restarting": "red",
    "stopping": "yellow",
    "stopped": "bright_black",
}


def status_table(status: dict[str, Any]) -> Table:
    """One row for each process."""
    table = Table(title=f"Stonepine · {status['home']}", title_justify="left", title_style="bold")
    for column in ("process", "state", "pid", "restarts", "since"):
        table.add_column(column, justify="right" if column in {"pid", "restarts"} else "left")
    for process in status["processes"]:
        state = process["state"]
        table.add_row(
            process["name"],
            Text(state, style=_COLOURS.get(state, "")),
            str(process["pid"] or "–"),
            str(process["restarts"]),
            _local_time(process["since"]),
        )
    return table


class Screen:
    """Shows changes of the status until it is closed."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._states: dict[str, str] = {}
        self._live: Live | None = None
        if console.is_terminal:
            # Without its refresh thread: the supervisor stays free of threads.
            self._live = Live(console=console, auto_refresh=False)
            self._live.start()

    def show(self, status: dict[str, Any]) -> None:
        if self._live is not None:
            self._live.update(status_table(status), refresh=True)
            return
        for process in status["processes"]:
            name, state = process["name"], process["state"]
            if self._states.get(name) != state:
                self._states[name] = state
                self._console.print(f"{name}: {state}", highlight=False)

    def welcome(self, plan: Plan, facts: dict[str, Any]) -> None:
        welcome(self._console, plan, facts)

    def close(self) -> None:
        if self._live is not None:
            self._live.stop()


def welcome(console: Console, plan: Plan, facts: dict[str, Any]) -> None:
    """Where things are, and on a first start the link and the key that are shown only now."""
    if plan.part:
        console.print(f"{plan.part} is ready.", highlight=False)
        return
    link, key = facts.get("setup_link"), facts.get("api_key")
    lines = [("Console", plan.base_url), ("API", plan.base_url)]
    if link:
        lines.append(("First owner", f"{link}   (works once)"))
    console.print()
    for name, value in lines:
        console.print(Text.assemble((f"{name:<12} ", "bold"), value), soft_wrap=True)
    console.print()
    shown_key = key or "<a key from the console>"
    for line in (
        f"export PINECONE_API_KEY={shown_key}",
        f"export PINECONE_CONTROLLER_HOST={plan.base_url}",
        *trust_lines(plan.certificate_authority, plan.base_url),
        "python examples/quickstart.py",
    ):
        console.print(Text(f"  {line}"), soft_wrap=True)
    if key:
        console.print("\nThe key is shown only this once.", highlight=False)
    console.print()


def trust_lines(authority: str, base_url: str) -> list[str]:
    """What makes the official clients trust that authority, if it needs to be told."""
    if not authority:
        return []
    if not base_url.startswith("https:"):
        return [f"export SSL_CERT_FILE={authority}   # for gRPC: it dials TLS"]
    return [
        f"export SSL_CERT_FILE={authority}   # for Python",
        f"export NODE_EXTRA_CA_CERTS={authority}   # for Node.js",
    ]


def complain(console: Console, message: str, hint: str) -> None:
    console.print(Text.assemble(("Error: ", "bold red"), message), soft_wrap=True)
    if hint:
        console.print(Text(hint), soft_wrap=True)


def _local_time(moment: str) -> str:
    return datetime.fromisoformat(moment).astimezone(UTC).astimezone().strftime("%H:%M:%S")

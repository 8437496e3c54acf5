"""The `stonepine` command: what an operator types. Imports are late: each command pays its own."""

import json
import os
import signal
import sys
from typing import Annotated, Any, NoReturn

import typer

from cli.access import access
from cli.audit import audit
from cli.backups import backups, digest
from cli.dumps import drill, dump
from cli.entry import HomeOption, JsonOption, enter
from cli.errors import SetupError
from cli.evidence.commands import evidence
from cli.fsck import fsck
from cli.home import Home
from cli.imports import imports
from cli.instance import Holder, running
from cli.instance import status as read_status
from cli.integrations import integrations
from cli.jobs import jobs
from cli.keys import keys
from cli.memory import memory
from cli.nodes import nodes
from cli.operators import operators
from cli.organizations import organizations
from cli.part_commands import gateway, migrate, node, parts, web, worker
from cli.people import people
from cli.projects import projects
from cli.restoration import recover, restore_installation, take_over_objects
from cli.scim import scim
from cli.tls import tls
from cli.webhooks import webhooks

app = typer.Typer(
    name="stonepine",
    help="A self-hosted vector database service.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.add_typer(organizations, name="org")
app.add_typer(access, name="access")
app.add_typer(audit, name="audit")
app.add_typer(backups, name="backup")
app.add_typer(evidence, name="evidence")
app.add_typer(imports, name="import")
app.add_typer(integrations, name="integration")
app.add_typer(jobs, name="jobs")
app.add_typer(keys, name="keys")
app.add_typer(nodes, name="nodes")
app.add_typer(operators, name="operators")
app.add_typer(parts, name="parts")
app.add_typer(people, name="user")
app.add_typer(projects, name="project")
app.add_typer(scim, name="scim")
app.add_typer(tls, name="tls")
app.add_typer(webhooks, name="webhook")
for command in (gateway, node, web, worker, migrate):
    app.command()(command)
app.command()(digest)
app.command()(fsck)
app.command()(dump)
app.command()(drill)
app.command("restore-installation")(restore_installation)
app.command()(recover)
app.command()(take_over_objects)

_STOP_TIMEOUT_S = 40.0


@app.command()
def up(
    home: HomeOption = None,
    *,
    port: Annotated[
        int | None, typer.Option(help="Base port; else the remembered one, else 8080.")
    ] = None,
    detach: Annotated[bool, typer.Option("--detach", help="Run in the background.")] = False,
) -> None:
    """Start everything; Ctrl-C stops it."""
    from rich.console import Console

    from cli.start import run_detached, run_in_foreground

    start = run_detached if detach else run_in_foreground
    start(Home.at(home), port, Console())


@app.command()
def down(home: HomeOption = None) -> None:
    """Stop what `up` started."""
    chosen = Home.at(home)
    holder = running(chosen)
    if holder is None:
        typer.echo("Nothing runs.")
        return
    os.kill(holder.pid, signal.SIGTERM)
    _wait_until_gone(chosen, holder)
    typer.echo("Stopped.")


@app.command()
def status(home: HomeOption = None, *, as_json: JsonOption = False) -> None:
    """Which processes run. Exit code 0: all are ready."""
    found = read_status(Home.at(home))
    if as_json:
        typer.echo(json.dumps(found, indent=1))
    else:
        _print_status(found)
    raise typer.Exit(0 if found["ready"] else 1)


@app.command()
def bootstrap(
    home: HomeOption = None,
    *,
    as_json: JsonOption = False,
    rotate: Annotated[
        bool, typer.Option("--rotate", help="Make new secrets in place of existing ones.")
    ] = False,
) -> None:
    """Make a first tenant for scripts. What exists already is not printed again."""
    enter(home)
    from cli.bootstrap import bootstrap as make

    facts = make(rotate=rotate)
    if as_json:
        typer.echo(json.dumps(facts, indent=1))
        return
    for name, value in facts.items():
        typer.echo(
            f"{name}: {value if value is not None else '(exists; --rotate makes a new one)'}"
        )


@app.command()
def doctor(home: HomeOption = None, *, as_json: JsonOption = False) -> None:
    """Check an installation. Exit code 1: something is wrong."""
    from cli.doctor import examine, print_findings

    findings = examine(Home.at(home))
    if as_json:
        typer.echo(json.dumps([finding.to_json() for finding in findings], indent=1))
    else:
        print_findings(findings)
    raise typer.Exit(0 if all(finding.is_good for finding in findings) else 1)


@app.command()
def logs(
    process: Annotated[str, typer.Argument(help="A process of `stonepine status`.")],
    home: HomeOption = None,
    *,
    lines: Annotated[int, typer.Option("-n", "--lines", help="How many of the last lines.")] = 50,
    follow: Annotated[bool, typer.Option("-f", "--follow", help="Go on as they come.")] = False,
) -> None:
    """Show what a process has logged."""
    from cli.log_reader import print_log

    print_log(Home.at(home).log_dir, process, lines=lines, is_following=follow)


app.command()(memory)


def run() -> NoReturn:
    """The console script: every expected failure is a sentence, a hint and exit code 2."""
    from kit.errors import StonepineError

    try:
        app()
    except SetupError as error:
        _complain(error.message, error.hint)
    except StonepineError as error:
        _complain(error.message, "")
    except KeyboardInterrupt:
        sys.exit(130)
    sys.exit(2)


def _complain(message: str, hint: str) -> None:
    from rich.console import Console

    from cli.display import complain

    complain(Console(stderr=True), message, hint)


def _print_status(found: dict[str, Any]) -> None:
    from rich.console import Console

    from cli.display import status_table

    if not found["processes"]:
        typer.echo(f"Nothing runs for {found['home']}.")
        return
    console = Console()
    console.print(status_table(found))
    console.print(f"Console and API: {found['console_url']}", highlight=False)


def _wait_until_gone(home: Home, holder: Holder) -> None:
    import time

    deadline = time.monotonic() + _STOP_TIMEOUT_S
    while (now_holding := running(home)) is not None and now_holding.pid == holder.pid:
        if time.monotonic() > deadline:
            raise SetupError(
                f"Process {holder.pid} does not stop.",
                hint=f"See {home.log_dir}. `kill -9 {holder.pid}` ends it and all its processes.",
            )
        time.sleep(0.05)


if __name__ == "__main__":
    run()

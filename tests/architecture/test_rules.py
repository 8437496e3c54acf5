"""The rules hold for the whole tree, and each rule catches what it is there for."""

import subprocess
from pathlib import Path

import pytest

from tests.architecture.rules import RULES, Module, Rule

ROOT = Path(__file__).resolve().parents[2]
PRODUCT = (
    "access", "accounts", "api", "audit", "billing", "cli", "compliance", "config",
    "console", "dataplane", "gateway", "indexes", "keyring", "kit", "notices", "orgs", "projects",
    "protocol", "sso", "storage", "webhooks",
)  # fmt: skip


def product_modules() -> list[Module]:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "--", *PRODUCT],
        cwd=ROOT, check=True, capture_output=True, text=True,
    ).stdout.split()  # fmt: skip
    paths = [Path(name) for name in listed if name.endswith(".py")]
    kept = [path for path in paths if "migrations" not in path.parts and "v1" not in path.parts]
    return [Module(path, (ROOT / path).read_text()) for path in kept if (ROOT / path).exists()]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_tree_keeps_the_rule(rule: Rule) -> None:
    broken = [
        f"{module.path}: {complaint}" for module in product_modules() for complaint in rule(module)
    ]
    assert not broken, f"{rule.__doc__}\n" + "\n".join(broken)


PLANTED = {
    "file_is_about_one_subject": ("orgs/members.py", "x = 1\n" * 501),
    "file_is_named_after_its_subject": ("orgs/services.py", "x = 1\n"),
    "module_says_what_belongs_in_it": ("orgs/members.py", "x = 1\n"),
    "function_fits_a_screen": ("orgs/members.py", "def f():\n" + "    x = 1\n" * 36),
    "arguments_are_named": ("orgs/members.py", "def f(a, b, c, d, e): ...\n"),
    "rows_are_fetched_scoped": ("api/views/index.py", "Index.objects.get(name=n)\n"),
    "work_is_scheduled_on_commit": ("indexes/lifecycle.py", "reconcile.delay(i)\n"),
    "faces_open_no_transactions": ("console/views/keys.py", "with transaction.atomic(): ...\n"),
    "domain_knows_no_http": ("orgs/members.py", "from django.http import HttpResponse\n"),
}
SOUND = '"""Members."""\n\n\ndef leave(actor, member, *, reason, now, by, at):\n    return member\n'


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_rule_catches_a_planted_breach_and_passes_sound_code(rule: Rule) -> None:
    path, text = PLANTED[rule.__name__]
    assert list(rule(Module(Path(path), text)))
    assert not list(rule(Module(Path("orgs/members.py"), SOUND)))

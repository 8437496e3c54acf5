"""Rules about the shape of the code: pure functions from a module to complaints."""

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

MAX_FILE_LINES = 500
MAX_FUNCTION_LINES = 35
MAX_POSITIONAL = 4
BUCKETS = {"services", "utils", "helpers", "managers", "signals", "common", "misc"}
DOMAIN = {
    "accounts", "audit", "billing", "compliance", "indexes", "notices", "orgs", "projects", "sso",
    "webhooks",
}  # fmt: skip
READ_HOMES = {"models", "queries"}


@dataclass(frozen=True)
class Module:
    """A source file: `path` relative to the repository, its text and its tree."""

    path: Path
    text: str

    @property
    def tree(self) -> ast.Module:
        return ast.parse(self.text)

    @property
    def package(self) -> str:
        return self.path.parts[0]

    @property
    def name(self) -> str:
        return self.path.stem


Rule = Callable[[Module], Iterator[str]]


def file_is_about_one_subject(module: Module) -> Iterator[str]:
    """A file over the limit holds several subjects: split it by noun."""
    lines = module.text.count("\n")
    if lines > MAX_FILE_LINES:
        yield f"{lines} lines, at most {MAX_FILE_LINES}: split it by subject"


def file_is_named_after_its_subject(module: Module) -> Iterator[str]:
    """Buckets named after a layer grow for ever: name the file after what it is about."""
    if module.name in BUCKETS:
        yield f"{module.name}.py is a bucket: name the file after its subject"


def module_says_what_belongs_in_it(module: Module) -> Iterator[str]:
    """One sentence at the top tells where a new line of code belongs."""
    if module.text.strip() and not ast.get_docstring(module.tree):
        yield "no module docstring: say in one sentence what belongs here"


def function_fits_a_screen(module: Module) -> Iterator[str]:
    """Long functions do several things: give each its name. The docstring does not count."""
    for function in _functions(module.tree):
        lines = _body_lines(function)
        if lines > MAX_FUNCTION_LINES:
            yield f"{function.name} has {lines} lines, at most {MAX_FUNCTION_LINES}"


def arguments_are_named(module: Module) -> Iterator[str]:
    """Past four, positions cannot be read at the call: make the rest keyword-only."""
    for function in _functions(module.tree):
        names = [argument.arg for argument in function.args.posonlyargs + function.args.args]
        count = len([name for name in names if name not in {"self", "cls"}])
        if count > MAX_POSITIONAL:
            yield f"{function.name} takes {count} positional arguments, at most {MAX_POSITIONAL}"


def rows_are_fetched_scoped(module: Module) -> Iterator[str]:
    """`Model.objects.get` outside queries forgets the tenant: call a query that takes the actor."""
    if module.package not in DOMAIN | {"api", "console"} or _is_read_home(module):
        return
    for node in ast.walk(module.tree):
        if (
            isinstance(node, ast.Attribute)
            and node.attr == "get"
            and _ends_with_objects(node.value)
        ):
            yield f"line {node.lineno}: .objects.get( belongs in queries.py, scoped by the actor"


def work_is_scheduled_on_commit(module: Module) -> Iterator[str]:
    """A task sent inside a transaction runs before its rows exist: use transaction.on_commit."""
    tree = module.tree
    scheduled = {id(node) for call in _calls_of(tree, "on_commit") for node in ast.walk(call)}
    for node in ast.walk(tree):
        is_send = isinstance(node, ast.Attribute) and node.attr in {"delay", "apply_async"}
        if is_send and id(node) not in scheduled:
            yield f"line {node.lineno}: .{node.attr} outside transaction.on_commit"


def faces_open_no_transactions(module: Module) -> Iterator[str]:
    """A transaction in a view means that domain work happens there: write a verb."""
    if module.package not in {"api", "console"}:
        return
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Attribute) and node.attr == "atomic":
            yield f"line {node.lineno}: transaction.atomic in a face; write a verb"


def domain_knows_no_http(module: Module) -> Iterator[str]:
    """Faces turn errors and results into statuses; the domain imports nothing of HTTP."""
    if module.package not in DOMAIN or module.name in {"views", "urls"}:
        return
    for node in ast.walk(module.tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(
            ("django.http", "rest_framework")
        ):
            yield f"line {node.lineno}: imports {node.module}; leave HTTP to api/ and console/"


RULES: tuple[Rule, ...] = (
    file_is_about_one_subject,
    file_is_named_after_its_subject,
    module_says_what_belongs_in_it,
    function_fits_a_screen,
    arguments_are_named,
    rows_are_fetched_scoped,
    work_is_scheduled_on_commit,
    faces_open_no_transactions,
    domain_knows_no_http,
)


def _functions(tree: ast.Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def _calls_of(tree: ast.Module, name: str) -> Iterator[ast.Call]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == name:
            yield node


def _body_lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    first = function.body[0]
    if ast.get_docstring(function) is not None:
        if len(function.body) == 1:
            return 0
        first = function.body[1]
    return (function.end_lineno or first.lineno) - first.lineno + 1


def _ends_with_objects(node: ast.expr) -> bool:
    return isinstance(node, ast.Attribute) and node.attr == "objects"


def _is_read_home(module: Module) -> bool:
    return (
        module.name in READ_HOMES or "models" in module.path.parts or "queries" in module.path.parts
    )

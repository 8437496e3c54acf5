"""The query playground: one question, or two side by side, and the same call from code."""

import json
import re
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from console.errors import INVALID, form_status
from console.forms.records import QueryForm
from console.index_page import Node, about, by_size, readable_index, render_tab
from console.query_words import Found, ranked, way_in_words
from console.record_table import columns_of
from console.render import is_fragment_wanted
from console.snippets import Snippet, snippets
from console.visit import Visit, project_page
from indexes.models import Index
from indexes.records import Answer, Page, Question, list_records, query_records
from kit.errors import StonepineError
from protocol.from_reply import Namespace

_FIELDS_SHOWN = 12
# A longer vector stands in a file beside the code.
_LONGEST_IN_CODE = 32
# A list of numbers, which belongs on one line.
_NUMBERS = re.compile(r"\[[-\d.,\seE+]*\]")


@require_http_methods(["GET", "POST"])
@project_page
def playground(visit: Visit, name: str) -> HttpResponse:
    """Asking changes nothing: it is a POST only because vectors are too long for an address."""
    index = readable_index(visit, name)
    node = Node(visit, index)
    namespaces = node.namespaces()
    known = namespaces.namespaces
    initial = _asked_before(visit) if visit.posted is None else {}
    form = QueryForm(visit.posted, index=index, namespaces=known, initial=initial)
    _offer_first_record(node, form)
    answered, status = _answered(visit, index, form)
    context = {
        "namespaces": namespaces,
        "form": form,
        "fields": fields_of(known),
        **answered,
    }
    if is_fragment_wanted(visit):
        context |= {"visit": visit, **about(index)}
        return render(visit.request, "indexes/_answer.html", context, status=status)
    return render_tab(node, "index_query", "indexes/query.html", context, status=status)


def fields_of(namespaces: list[Namespace]) -> list[str]:
    """What filters may name, of all namespaces, most of all those of the largest."""
    names = [field for one in by_size(namespaces) for field in one.fields]
    return list(dict.fromkeys(names))[:_FIELDS_SHOWN]


def _asked_before(visit: Visit) -> dict[str, Any]:
    """What a link to this page asks with, such as "more like this record"."""
    given = visit.request.GET
    return {name: given[name] for name in ("namespace", "id", "filter", "top_k") if name in given}


def _offer_first_record(node: Node, form: QueryForm) -> None:
    """A question that can be asked at once: an unsent form names a record that is there."""
    if form.is_bound or form.initial.get("id"):
        return
    where = str(form.initial.get("namespace", "__default__"))
    page = node.read(lambda: list_records(node.visit.actor, node.index, where, most=1), Page([]))
    form.initial["id"] = page.records[0].id if page.records else ""


def _answered(visit: Visit, index: Index, form: QueryForm) -> tuple[dict[str, Any], int]:
    if not form.is_bound:
        return {"found": []}, 200
    if not form.is_valid():
        return {"found": [], "is_refused": True}, INVALID
    try:
        return _ask(visit, index, form), 200
    except StonepineError as error:
        form.refuse(error)
        status = form_status(error)
        return {"found": [], "is_refused": True}, INVALID if is_fragment_wanted(visit) else status


def _ask(visit: Visit, index: Index, form: QueryForm) -> dict[str, Any]:
    question, other = form.question, form.other_question
    first = query_records(visit.actor, index, question)
    second = None if other is None else query_records(visit.actor, index, other)
    matches = [*first.matches, *(second.matches if second else [])]
    columns = columns_of(matches, most=1 if second else 4)
    title = "First query" if second else "Matches"
    found = [_found(title, question, first, columns, metric=index.metric)]
    if other is not None and second is not None:
        found.append(
            _found("Second query", other, second, columns, metric=index.metric, beside=first)
        )
    return {"found": found, "snippets": query_code(index, question)}


def _found(
    title: str,
    question: Question,
    answer: Answer,
    columns: list[str],
    *,
    metric: str,
    beside: Answer | None = None,
) -> Found:
    rows = ranked(answer, columns, metric, beside)
    way = way_in_words(answer.path)
    return Found(
        title, question.namespace, rows, columns, way, answer.read_units, answer.elapsed_ms
    )


def query_code(index: Index, question: Question) -> list[Snippet]:
    """The same question from code, with the index's own host."""
    host, address = (about(index)[name] for name in ("host", "address"))
    vector = question.vector
    is_long = len(vector) > _LONGEST_IN_CODE
    return snippets(
        "query", host=host, address=address, question=question, is_long=is_long,
        vector=json.dumps(vector), filter=question.filter, sparse=question.sparse,
        body=_shell_body(question, is_long=is_long),
    )  # fmt: skip


def _shell_body(question: Question, *, is_long: bool) -> str:
    """The body of the call between a shell's single quotes; a long vector comes from a file."""
    body = question.body
    if is_long:
        body["vector"] = "VECTOR"
    text = json.dumps(body, indent=2).replace("'", "\\u0027")
    text = _NUMBERS.sub(lambda found: " ".join(found[0].split()), text)
    return text.replace('"VECTOR"', "'\"$(cat vector.json)\"'")

"""An index's map: a sample of a namespace on the plane in which its vectors differ most."""

from typing import Any

from django.http import HttpResponse
from django.views.decorators.http import require_GET

from console.forms.records import MapForm
from console.index_page import Node, about, readable_index, render_tab
from console.record_map import best_field, map_of
from console.render import is_fragment_wanted, render_fragment
from console.snippets import snippets
from console.views.index_query import fields_of
from console.visit import Visit, project_page
from indexes.models import Index, VectorType
from indexes.projection import (
    MOST_IDS,
    Projection,
    most_read_units,
    most_records,
    project_records,
)
from protocol.from_reply import Namespaces

# Fewer lie on every plane alike.
LEAST = 3


@require_GET
@project_page
def page(visit: Visit, name: str) -> HttpResponse:
    """The page at once; it asks for the map itself, which takes a second or two. Without scripts
    `?drawn=1` has its numbers on the page."""
    node = Node(visit, readable_index(visit, name))
    namespaces = node.namespaces()
    form = MapForm(
        visit.request.GET or None,
        index=node.index,
        namespaces=namespaces.namespaces,
        fields=fields_of(namespaces.namespaces),
    )
    is_dense = node.index.vector_type == VectorType.DENSE
    context = {
        "namespaces": namespaces,
        "form": form,
        "is_dense": is_dense,
        "has_records": bool(namespaces.namespaces),
        **_bounds(node.index),
    }
    is_wanted = is_fragment_wanted(visit) or "drawn" in visit.request.GET
    if is_wanted and is_dense and namespaces.namespaces:
        context |= _drawn(node, form, namespaces)
    if is_fragment_wanted(visit):
        return render_fragment(visit, "indexes/_map.html", context | about(node.index))
    host = about(node.index)["host"]
    context["snippets"] = snippets("map", ("Python",), host=host, namespace=form.where)
    return render_tab(node, "index_map", "indexes/map.html", context)


def _bounds(index: Index) -> dict[str, int]:
    dimension = index.dimension or 1
    return {
        "most_records": most_records(dimension),
        "most_ids": MOST_IDS,
        "most_read_units": most_read_units(dimension),
    }


def _drawn(node: Node, form: MapForm, namespaces: Namespaces) -> dict[str, Any]:
    """What the map shows; nothing while the node does not answer."""
    visit, index = node.visit, node.index

    def read() -> Projection | None:
        return project_records(visit.actor, index, form.where)

    found = node.read(read, None)
    if found is None or len(found.records) < LEAST:
        return {"is_drawn": True, "where": form.where, "trouble": node.trouble}
    field = form.field or best_field(found.records)
    mapped = map_of(found, field)
    counts = {one.name: one.record_count for one in namespaces.namespaces}
    return {
        "is_drawn": True,
        "where": form.where,
        "field": field,
        "groups": mapped.groups,
        "drawn": mapped.drawn,
        "shown": len(found.records),
        "total": max(counts.get(form.where, 0), len(found.records)),
        "looked_through": found.looked_through,
        "kept_percent": round(found.kept * 100),
    }

"""The machines that host indexes: what their engines hold, how busy they are."""

from dataclasses import dataclass

from django.http import HttpResponse

from console.operator_page import Operating, only, operator_page, render_operator
from indexes.nodes import EngineLoad, busiest_indexes, node_loads
from kit.environment import environment
from kit.supervised import SupervisedProcess, supervised_processes


@dataclass(frozen=True, slots=True)
class EngineRow:
    """`process` is None for engines of other machines: nobody here supervises them."""

    load: EngineLoad
    process: SupervisedProcess | None


@operator_page
@only("GET")
def page(own: Operating) -> HttpResponse:
    here = {one.name: one for one in supervised_processes(environment().run_dir)}
    loads = node_loads(own.actor)
    nodes = [
        {
            "node": found.node,
            "state": found.state,
            "indexes": found.indexes,
            "engines": [
                EngineRow(load, here.get(load.process) if _is_here(found.node.name) else None)
                for load in found.engines
            ],
        }
        for found in loads
    ]
    context = {
        "nodes": nodes,
        "has_zones": any(found.node.zone for found in loads),
        "busiest": busiest_indexes(own.actor),
    }
    return render_operator(own, "operator/nodes.html", context)


def _is_here(name: str) -> bool:
    return name == environment().node_name

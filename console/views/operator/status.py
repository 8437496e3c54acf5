"""How the installation is: what requests need, what runs, what it holds."""

from django.http import HttpResponse

from console.operator_page import Operating, only, operator_page, render_operator
from indexes.jobs import failed_jobs, unfinished_jobs
from indexes.metrics.totals import node_totals
from indexes.parts import parts_ready
from kit.environment import environment
from kit.supervised import supervised_processes
from orgs.installation.diagnosis import last_diagnosis
from orgs.installation.organizations import organizations_by_plan

_PARTS = {
    "database": "Database",
    "database_system": "Database as the system role",
    "cache": "Cache and broker",
    "worker": "Workers",
    "object_store": "Object store",
}


@operator_page
@only("GET")
def page(own: Operating) -> HttpResponse:
    parts = [(_PARTS[name], is_ready) for name, is_ready in parts_ready().items()]
    by_plan = organizations_by_plan(own.actor)
    context = {
        "parts": parts,
        "missing": sum(not is_ready for _, is_ready in parts),
        "processes": supervised_processes(environment().run_dir),
        "totals": node_totals(),
        "organizations": sum(by_plan.values()),
        "by_plan": by_plan,
        "unfinished": len(unfinished_jobs(own.actor)),
        "failed": len(failed_jobs(own.actor)),
        "diagnosis": last_diagnosis(own.actor),
    }
    return render_operator(own, "operator/status.html", context)

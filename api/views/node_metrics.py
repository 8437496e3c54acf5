"""Metrics of the whole installation, for its operator alone."""

from hmac import compare_digest

from django.http import HttpRequest, HttpResponse

from api.errors import answer
from api.processes import process_families
from api.prometheus import node_exposition
from indexes.metrics.totals import node_totals
from indexes.parts import parts_ready
from kit.environment import environment
from kit.errors import NotFound, Unauthenticated
from kit.exposition import CONTENT_TYPE


def metrics(request: HttpRequest) -> HttpResponse:
    """For whoever knows the operator's token. Without one in the settings there is no such page."""
    token = environment().metrics_token.get_secret_value()
    if not token:
        return answer(request, NotFound("There is nothing here."))
    scheme, _, given = request.headers.get("Authorization", "").partition(" ")
    is_right = compare_digest(given.strip().encode(), token.encode())
    if scheme.lower() != "bearer" or not is_right:
        return answer(request, Unauthenticated("Invalid API key."))
    extra = process_families(environment().run_dir)
    text = node_exposition(node_totals(), parts_ready(), extra=extra)
    return HttpResponse(text, content_type=CONTENT_TYPE)

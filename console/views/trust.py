"""What anybody may know of how data is kept here; only where the operator wants it to be known."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from compliance.transport import transport
from indexes.parts import parts_ready
from kit.environment import environment

# What everything else leans on, in words for outsiders.
_PARTS = {
    "database": "Console and API",
    "cache": "Sessions and limits",
    "worker": "Background work",
}


def page(request: HttpRequest) -> HttpResponse:
    """Off, it is missing: to every method, so that nobody learns that it could be there."""
    here = environment()
    if not here.trust_page:
        raise Http404
    if request.method not in {"GET", "HEAD"}:
        return HttpResponse(status=405, headers={"Allow": "GET, HEAD"})
    ready = parts_ready()
    context = {
        "host": here.advertised_host,
        "parts": [(words, ready[name]) for name, words in _PARTS.items()],
        "is_well": all(ready.values()),
        "transport": transport(),
        "contact": here.trust_contact.strip(),
    }
    return render(request, "trust/page.html", context)

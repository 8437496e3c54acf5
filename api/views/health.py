"""Whether the installation lives and can serve; asked by supervisors and load balancers."""

from django.http import HttpRequest, HttpResponse, JsonResponse

from indexes.parts import parts_ready


def healthz(request: HttpRequest) -> HttpResponse:
    """This process answers; nothing else is asked."""
    del request
    return JsonResponse({"status": "ok"})


def readyz(request: HttpRequest) -> HttpResponse:
    """Every part that requests need, each by name; 503 while one is missing."""
    del request
    parts = {name: "ok" if holds else "unavailable" for name, holds in parts_ready().items()}
    is_ready = set(parts.values()) == {"ok"}
    body = {"status": "ready" if is_ready else "not ready", "parts": parts}
    return JsonResponse(body, status=200 if is_ready else 503)

"""Single logout's address: the provider's requests, and its answers to ours."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from console.views.saml import refused
from kit.errors import StonepineError
from sso.queries import find_connection
from sso.signing_out import take_answer, take_posted, take_redirected

LOGOUT = "logout_begun"


@never_cache
@csrf_exempt
@sensitive_post_parameters("SAMLRequest")
@require_http_methods(["GET", "POST"])
def slo(request: HttpRequest, connection_id: UUID) -> HttpResponse:
    """Whose sessions end is the signed message's word, never this browser's."""
    try:
        connection = find_connection(connection_id)
        query = request.META.get("QUERY_STRING", "")
        if "SAMLResponse" in request.GET:
            take_answer(connection, query, expected_id=request.session.get(LOGOUT, ""))
            request.session.pop(LOGOUT, None)
            return redirect("console:signin")
        if request.method == "POST":
            state = request.POST.get("RelayState", "")
            onward = take_posted(connection, request.POST.get("SAMLRequest", ""), state=state)
        else:
            onward = take_redirected(connection, query, state=request.GET.get("RelayState", ""))
    except StonepineError as error:
        return refused(request, error)
    if onward:
        return HttpResponseRedirect(onward)
    return render(request, "sso/ended.html")

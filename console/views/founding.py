"""Founding an organization: what people who signed up do first."""

from typing import cast

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from accounts.models import User
from console.errors import form_status
from console.forms.organizations import OrganizationForm
from console.navigation import organization_url
from console.visit import signed_in
from kit.errors import StonepineError
from orgs.organizations import create_own_organization, require_founding_open


@require_http_methods(["GET", "POST"])
@signed_in
def new(request: HttpRequest) -> HttpResponse:
    """One field; afterwards the person owns the organization."""
    require_founding_open()
    form, status = OrganizationForm(request.POST or None), 200
    if form.is_valid():
        try:
            user = cast("User", request.user)
            return redirect(organization_url(create_own_organization(user, **form.cleaned_data)))
        except StonepineError as error:
            form.refuse(error)
            status = form_status(error)
    elif form.is_bound:
        status = 422
    return render(request, "orgs/new.html", {"form": form}, status=status)

"""What all views of the control plane share: the version and the caller, before anything else."""

from typing import Any, cast

from django.http import HttpRequest
from rest_framework.request import Request
from rest_framework.views import APIView

from access.actor import Actor
from api.versions import Version, requested_version
from projects.models import Project


class ControlPlaneView(APIView):
    """Subclasses parse, call one verb or query, and render."""

    # No OPTIONS: there is nothing to negotiate, and no browser calls from elsewhere.
    http_method_names = ["get", "head", "post", "patch", "delete"]
    api_version: Version
    request_as_received: HttpRequest

    def setup(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        self.request_as_received = request
        super().setup(request, *args, **kwargs)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        self.api_version = requested_version(self.request_as_received)
        super().initial(request, *args, **kwargs)

    @property
    def actor(self) -> Actor:
        return cast("Actor", self.request.user)

    @property
    def project(self) -> Project:
        return cast("Project", self.request.auth)

"""What all SCIM views share: the caller, reading a request, and answering with resources."""

import json
from typing import Any, TypeVar, cast
from uuid import UUID

import orjson
from django.http import HttpRequest, HttpResponse
from rest_framework.request import Request
from rest_framework.views import APIView
from scim2_models import Context, ListResponse, Resource, ResponseParameters, SearchRequest

from access.actor import Actor
from api.parsing import body_of
from api.scim import CONTENT_TYPE, ScimTokenAuthentication
from kit.errors import InvalidArgument, NotFound
from orgs.models import Organization
from sso.scim.complaints import complaints_translated
from sso.scim.rendering import etag_of
from sso.scim.resources import POLICY
from sso.scim.search import Matches

R = TypeVar("R", bound=Resource[Any])
_MAX_FILTER = 4_096


class ScimView(APIView):
    """Subclasses parse, call one verb or query, and render."""

    schema = None  # described by the service itself, at /Schemas
    http_method_names = ["get", "head", "post", "put", "patch", "delete"]
    authentication_classes = [ScimTokenAuthentication]
    request_as_received: HttpRequest

    def setup(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        self.request_as_received = request
        super().setup(request, *args, **kwargs)

    @property
    def actor(self) -> Actor:
        return cast("Actor", self.request.user)

    @property
    def organization(self) -> Organization:
        return cast("Organization", self.request.auth)

    @property
    def match(self) -> str | None:
        """The version that the request is about."""
        return self.request_as_received.headers.get("If-Match")


def json_of(view: ScimView) -> dict[str, Any]:
    """The body, which must be a JSON object."""
    try:
        found = orjson.loads(body_of(view.request_as_received))
    except orjson.JSONDecodeError:
        raise _syntax("The body is not JSON.") from None
    if not isinstance(found, dict):
        raise _syntax("The body must be a JSON object.")
    return found


def resource_of(view: ScimView, model: type[R], context: Context) -> R:
    """The resource in the body."""
    body = json_of(view)
    with complaints_translated(), POLICY:
        return model.model_validate(body, scim_ctx=context)


def identifier(text: str, *, noun: str) -> UUID:
    """What cannot be an id names nothing."""
    try:
        return UUID(text)
    except ValueError:
        raise NotFound(f"{noun} {text[:64]} not found.") from None


def search_of(values: dict[str, Any], model: Any) -> SearchRequest[Any]:
    """A search as parameters of a URL or as a body spell it."""
    if len(str(values.get("filter", ""))) > _MAX_FILTER:
        raise InvalidArgument(
            f"The filter is over {_MAX_FILTER} characters.", scim_type="invalidFilter"
        )
    wanted: Any = SearchRequest
    with complaints_translated(), POLICY:
        found: SearchRequest[Any] = wanted[model].model_validate(
            values, scim_ctx=Context.SEARCH_REQUEST
        )
        return found


def query_of(request: Request) -> dict[str, Any]:
    """The parameters of the URL that SCIM knows; others are passed over."""
    known = ("filter", "startIndex", "count", "attributes", "excludedAttributes")
    return {name: request.query_params[name] for name in known if name in request.query_params}


def answer(
    view: ScimView, resource: Resource[Any], *, status: int = 200, is_new: bool = False
) -> HttpResponse:
    """One resource, with the attributes that were asked for; 304 where the client has it."""
    version = etag_of(resource)
    request = view.request_as_received
    if request.method in {"GET", "HEAD"} and version in request.headers.get("If-None-Match", ""):
        response = HttpResponse(status=304)
    else:
        context = Context.RESOURCE_CREATION_RESPONSE if is_new else Context.RESOURCE_QUERY_RESPONSE
        response = rendered(resource, _parameters(view, type(resource)), context, status=status)
    response["ETag"] = version
    if resource.meta and resource.meta.location:
        response["Location" if is_new else "Content-Location"] = str(resource.meta.location)
    return response


def listed(
    matches: Matches[Any], asked: ResponseParameters[Any] | None, model: Any
) -> HttpResponse:
    """A page of what was found."""
    wanted: Any = ListResponse
    page = wanted[model](
        total_results=matches.total,
        start_index=matches.start,
        items_per_page=len(matches.items),
        resources=matches.items,
    )
    return rendered(page, asked, Context.RESOURCE_QUERY_RESPONSE)


def rendered(
    message: Any, asked: ResponseParameters[Any] | None, context: Context, *, status: int = 200
) -> HttpResponse:
    with POLICY:
        body = message.model_dump(scim_ctx=context, response_parameters=asked)
    return HttpResponse(json.dumps(body), status=status, content_type=CONTENT_TYPE)


def _parameters(view: ScimView, model: Any) -> ResponseParameters[Any]:
    named = query_of(view.request)
    values = {name: named[name] for name in ("attributes", "excludedAttributes") if name in named}
    wanted: Any = ResponseParameters
    with complaints_translated(), POLICY:
        found: ResponseParameters[Any] = wanted[model].model_validate(values)
        return found


def _syntax(message: str) -> InvalidArgument:
    return InvalidArgument(message, scim_type="invalidSyntax")

"""Collections: create, list, describe, delete."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from api.openapi import body, reply
from api.parsing import body_of
from api.schemas.collections import parse_collection, render_collection
from api.views.base import ControlPlaneView
from audit.actions import Action
from indexes.collection_queries import get_collection, visible_collections
from indexes.collections import create_collection, delete_collection
from indexes.queries import get_index
from orgs.verbs import denials_recorded


class CollectionsView(ControlPlaneView):
    """The collections of the key's project."""

    @extend_schema(operation_id="list_collections", responses={200: reply("CollectionList")})
    def get(self, request: Request) -> Response:
        del request
        found = visible_collections(self.actor, self.project)
        return Response({"collections": [render_collection(one) for one in found]})

    @extend_schema(
        operation_id="create_collection",
        request=body("CreateCollectionStrictly"),
        responses={201: reply("Collection")},
    )
    def post(self, request: Request) -> Response:
        del request
        name, source = parse_collection(body_of(self.request_as_received), self.api_version)
        with denials_recorded(self.actor, Action.COLLECTION_CREATED, self.project, name=name):
            index = get_index(self.actor, self.project, source)
        made = create_collection(self.actor, index, name=name)
        return Response(render_collection(made), status=201)


class CollectionView(ControlPlaneView):
    """One collection, by its name."""

    @extend_schema(operation_id="describe_collection", responses={200: reply("Collection")})
    def get(self, request: Request, collection: str) -> Response:
        del request
        return Response(render_collection(get_collection(self.actor, self.project, collection)))

    @extend_schema(operation_id="delete_collection", responses={202: None})
    def delete(self, request: Request, collection: str) -> Response:
        del request
        act = Action.COLLECTION_DELETED
        with denials_recorded(self.actor, act, self.project, name=collection):
            found = get_collection(self.actor, self.project, collection)
        delete_collection(self.actor, found)
        return Response(status=202)

"""Indexes: list, create, describe, configure, delete."""

from dataclasses import asdict

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from api.openapi import body, reply
from api.parsing import body_of
from api.schemas.index_reply import render_index
from api.schemas.index_request import parse_configure, parse_create
from api.versions import Version
from api.views.base import ControlPlaneView
from audit.actions import Action
from indexes.collections import create_index_from_collection
from indexes.lifecycle import configure_index, create_index, delete_index
from indexes.queries import get_index, visible_indexes
from indexes.readiness import wait_until_ready
from orgs.verbs import denials_recorded


class IndexesView(ControlPlaneView):
    """The indexes of the key's project."""

    @extend_schema(operation_id="list_indexes", responses={200: reply("IndexList")})
    def get(self, request: Request) -> Response:
        del request
        found = visible_indexes(self.actor, self.project)
        return Response({"indexes": [render_index(one, self.api_version) for one in found]})

    @extend_schema(
        operation_id="create_index",
        request=body("CreateIndexBySchema"),
        responses={201: reply("Index")},
    )
    def post(self, request: Request) -> Response:
        del request
        wish = asdict(parse_create(body_of(self.request_as_received), self.api_version))
        source, key_id = wish.pop("source_collection"), wish.pop("cmek_id")
        if source is None:
            index = create_index(self.actor, self.project, cmek_id=key_id, **wish)
        else:
            index = create_index_from_collection(
                self.actor, self.project, source_collection=source, **wish
            )
        # Most clients look once and then every five seconds: a moment here saves them five.
        return Response(render_index(wait_until_ready(index), self.api_version), status=201)


class IndexView(ControlPlaneView):
    """One index, by its name."""

    @extend_schema(operation_id="describe_index", responses={200: reply("Index")})
    def get(self, request: Request, name: str) -> Response:
        del request
        index = get_index(self.actor, self.project, name)
        return Response(render_index(index, self.api_version))

    @extend_schema(
        operation_id="configure_index",
        request=body("ConfigureIndexBySchema"),
        responses={200: reply("Index")},
    )
    def patch(self, request: Request, name: str) -> Response:
        del request
        wish = parse_configure(body_of(self.request_as_received), self.api_version)
        with denials_recorded(self.actor, Action.INDEX_CONFIGURED, self.project, name=name):
            index = get_index(self.actor, self.project, name)
        index = configure_index(self.actor, index, **asdict(wish))
        status = 200 if self.api_version >= Version.V2026_07 else 202
        return Response(render_index(index, self.api_version), status=status)

    @extend_schema(operation_id="delete_index", responses={202: None})
    def delete(self, request: Request, name: str) -> Response:
        del request
        with denials_recorded(self.actor, Action.INDEX_DELETED, self.project, name=name):
            index = get_index(self.actor, self.project, name)
        delete_index(self.actor, index)
        return Response(status=202)

"""Audit streams: list, create, describe, change, delete; test, send again; what was sent."""

from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from api.openapi import body, reply
from api.openapi_lists import listing
from api.parsing import body_of
from api.schemas.admin.audit_streams import render_batch, render_new_stream, render_stream
from api.schemas.admin.bodies import CreateAuditStream, RewindAuditStream, UpdateAuditStream
from api.schemas.admin.requests import identifier, parsed
from api.views.admin.base import AdminView
from orgs.audit_streams import (
    create_stream,
    delete_stream,
    deliveries,
    pause_stream,
    redeliver,
    resume_stream,
    stream_state,
    stream_states,
    test_stream,
    update_stream,
)


class AuditStreamsView(AdminView):
    """Each with how far behind it is."""

    @extend_schema(operation_id="list_audit_streams", responses={200: listing("AuditStream")})
    def get(self, request: Request) -> Response:
        del request
        found = stream_states(self.actor, self.organization)
        return Response({"data": [render_stream(one) for one in found]})

    @extend_schema(
        operation_id="create_audit_stream",
        request=body("CreateAuditStream"),
        responses={201: reply("AuditStreamWithSecret")},
    )
    def post(self, request: Request) -> Response:
        del request
        wish = parsed(body_of(self.request_as_received), CreateAuditStream, self.api_version)
        new = create_stream(
            self.actor, self.organization,
            name=wish.name, kind=wish.kind, config=wish.config, secret=wish.secret,
        )  # fmt: skip
        return Response(render_new_stream(new), status=201)


class AuditStreamView(AdminView):
    """One stream, by its id."""

    @extend_schema(operation_id="fetch_audit_stream", responses={200: reply("AuditStream")})
    def get(self, request: Request, stream_id: str) -> Response:
        del request
        found = stream_state(self.actor, self.organization, stream_of(stream_id))
        return Response(render_stream(found))

    @extend_schema(
        operation_id="update_audit_stream",
        request=body("UpdateAuditStream"),
        responses={200: reply("AuditStream")},
    )
    def patch(self, request: Request, stream_id: str) -> Response:
        del request
        wish = parsed(body_of(self.request_as_received), UpdateAuditStream, self.api_version)
        stream = stream_of(stream_id)
        changed = {"name": wish.name, "config": wish.config, "secret": wish.secret}
        if wish.paused is None or any(value is not None for value in changed.values()):
            update_stream(
                self.actor, self.organization, stream,
                name=wish.name, config=wish.config, secret=wish.secret,
            )  # fmt: skip
        if wish.paused is not None:
            act = pause_stream if wish.paused else resume_stream
            act(self.actor, self.organization, stream)
        return Response(render_stream(stream_state(self.actor, self.organization, stream)))

    @extend_schema(operation_id="delete_audit_stream", responses={204: None})
    def delete(self, request: Request, stream_id: str) -> Response:
        del request
        delete_stream(self.actor, self.organization, stream_of(stream_id))
        return Response(status=204)


class TestAuditStreamView(AdminView):
    """Sends an empty batch (to S3: a test object) and waits for what comes of it."""

    __test__ = False

    @extend_schema(
        operation_id="test_audit_stream", request=None, responses={200: reply("AuditStreamTest")}
    )
    def post(self, request: Request, stream_id: str) -> Response:
        del request
        error = test_stream(self.actor, self.organization, stream_of(stream_id)).error
        return Response({"taken": not error, "error": error or None})


class RewindView(AdminView):
    """Sends once more from a sequence on; events keep their ids."""

    @extend_schema(
        operation_id="rewind_audit_stream",
        request=body("RewindAuditStream"),
        responses={202: reply("AuditStream")},
    )
    def post(self, request: Request, stream_id: str) -> Response:
        del request
        wish = parsed(body_of(self.request_as_received), RewindAuditStream, self.api_version)
        stream = stream_of(stream_id)
        redeliver(self.actor, self.organization, stream, from_sequence=wish.from_sequence)
        found = stream_state(self.actor, self.organization, stream)
        return Response(render_stream(found), status=202)


class BatchesView(AdminView):
    """The newest fifty."""

    @extend_schema(
        operation_id="list_audit_stream_deliveries", responses={200: listing("AuditStreamBatch")}
    )
    def get(self, request: Request, stream_id: str) -> Response:
        del request
        found = stream_state(self.actor, self.organization, stream_of(stream_id))
        batches = deliveries(self.actor, self.organization, found.stream.pk)
        return Response({"data": [render_batch(one) for one in batches]})


def stream_of(stream_id: str) -> UUID:
    return identifier(stream_id, noun="Audit stream")

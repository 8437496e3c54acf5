"""Webhooks: list, create, describe, change, delete; rotate the secret, test; what was delivered."""

from datetime import timedelta

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from access.actor import Actor
from api.openapi import body, reply
from api.openapi_lists import PAGING, listing, pages, query
from api.parsing import body_of
from api.schemas.admin.bodies import CreateWebhook, RotateWebhookSecret, UpdateWebhook
from api.schemas.admin.lists import paging_of, rendered_page
from api.schemas.admin.requests import identifier, parsed
from api.schemas.admin.webhooks import (
    render_attempt,
    render_delivery,
    render_new_secret,
    render_webhook,
)
from api.views.admin.base import AdminView
from audit.actions import Action
from orgs.models import Organization
from orgs.verbs import denials_recorded
from projects.models import Project
from projects.queries import get_project_by_id
from webhooks.deliveries import redeliver, test_webhook
from webhooks.endpoints import (
    create_webhook,
    delete_webhook,
    disable_webhook,
    enable_webhook,
    rotate_secret,
    update_webhook,
)
from webhooks.models import Webhook
from webhooks.queries import deliveries, get_delivery, get_webhook, webhooks


class WebhooksView(AdminView):
    """All of the organization, or with `project_id` those of one project."""

    @extend_schema(
        operation_id="list_webhooks",
        parameters=[query("project_id")],
        responses={200: listing("Webhook")},
    )
    def get(self, request: Request) -> Response:
        found = webhooks(self.actor, self._place(request.query_params.get("project_id")))
        return Response({"data": [render_webhook(one) for one in found]})

    @extend_schema(
        operation_id="create_webhook",
        request=body("CreateWebhook"),
        responses={201: reply("WebhookWithSecret")},
    )
    def post(self, request: Request) -> Response:
        del request
        wish = parsed(body_of(self.request_as_received), CreateWebhook, self.api_version)
        place = self._place(wish.project_id)
        new = create_webhook(self.actor, place, name=wish.name, url=wish.url, events=wish.events)
        return Response(render_new_secret(new), status=201)

    def _place(self, project_id: str | None) -> Organization | Project:
        if project_id is None:
            return self.organization
        wanted = identifier(project_id, noun="Project")
        return get_project_by_id(self.actor, self.organization, wanted)


class _OneWebhook(AdminView):
    """Views of one webhook, by its id."""

    def found(self, webhook_id: str) -> Webhook:
        wanted = identifier(webhook_id, noun="Webhook")
        return get_webhook(self.actor, self.organization, wanted)

    def to_change(self, webhook_id: str, action: Action) -> Webhook:
        """The same; whoever is denied it leaves an event."""
        with denials_recorded(self.actor, action, self.organization, webhook=webhook_id):
            return self.found(webhook_id)


class WebhookView(_OneWebhook):
    @extend_schema(operation_id="fetch_webhook", responses={200: reply("Webhook")})
    def get(self, request: Request, webhook_id: str) -> Response:
        del request
        return Response(render_webhook(self.found(webhook_id)))

    @extend_schema(
        operation_id="update_webhook",
        request=body("UpdateWebhook"),
        responses={200: reply("Webhook")},
    )
    def patch(self, request: Request, webhook_id: str) -> Response:
        del request
        wish = parsed(body_of(self.request_as_received), UpdateWebhook, self.api_version)
        found = self.to_change(webhook_id, Action.WEBHOOK_UPDATED)
        update_webhook(self.actor, found, name=wish.name, url=wish.url, events=wish.events)
        if wish.enabled is not None:
            _switch(self.actor, found, is_enabled=wish.enabled)
        return Response(render_webhook(self.found(webhook_id)))

    @extend_schema(operation_id="delete_webhook", responses={204: None})
    def delete(self, request: Request, webhook_id: str) -> Response:
        del request
        delete_webhook(self.actor, self.to_change(webhook_id, Action.WEBHOOK_DELETED))
        return Response(status=204)


def _switch(actor: Actor, webhook: Webhook, *, is_enabled: bool) -> None:
    if is_enabled:
        enable_webhook(actor, webhook)
    else:
        disable_webhook(actor, webhook)


class RotateWebhookSecretView(_OneWebhook):
    """A new secret; the old one stays valid for `overlap_hours` (0 to 168)."""

    @extend_schema(
        operation_id="rotate_webhook_secret",
        request=body("RotateWebhookSecret"),
        responses={200: reply("WebhookWithSecret")},
    )
    def post(self, request: Request, webhook_id: str) -> Response:
        del request
        raw = body_of(self.request_as_received) or b"{}"
        wish = parsed(raw, RotateWebhookSecret, self.api_version)
        found = self.to_change(webhook_id, Action.WEBHOOK_SECRET_ROTATED)
        overlap = timedelta(hours=max(-1, min(wish.overlap_hours, 10_000)))
        return Response(render_new_secret(rotate_secret(self.actor, found, overlap=overlap)))


class TestWebhookView(_OneWebhook):
    """Sends an event of type `webhook.test` and waits for what comes of it."""

    __test__ = False

    @extend_schema(
        operation_id="test_webhook", request=None, responses={200: reply("WebhookAttempt")}
    )
    def post(self, request: Request, webhook_id: str) -> Response:
        del request
        found = self.to_change(webhook_id, Action.WEBHOOK_TESTED)
        return Response(render_attempt(test_webhook(self.actor, found)))


class DeliveriesView(_OneWebhook):
    """The newest first, for thirty days."""

    @extend_schema(
        operation_id="list_webhook_deliveries",
        parameters=PAGING,
        responses={200: pages("WebhookDelivery")},
    )
    def get(self, request: Request, webhook_id: str) -> Response:
        paging = paging_of(request.query_params)
        page = deliveries(self.actor, self.found(webhook_id), **paging)
        return Response(rendered_page(page, render_delivery))


class RedeliverView(_OneWebhook):
    """Once more under its id, at once."""

    @extend_schema(
        operation_id="redeliver_webhook_event",
        request=None,
        responses={202: reply("WebhookDelivery")},
    )
    def post(self, request: Request, webhook_id: str, delivery_id: str) -> Response:
        del request
        found = self.to_change(webhook_id, Action.WEBHOOK_REDELIVERED)
        wanted = identifier(delivery_id, noun="Delivery")
        again = redeliver(self.actor, found, get_delivery(self.actor, found, wanted))
        return Response(render_delivery(again), status=202)

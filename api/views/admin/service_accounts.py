"""Service accounts: list, create, describe, rename, delete, rotate the secret."""

from contextlib import AbstractContextManager
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from access.keys import PlainKey
from api.openapi import body, reply
from api.openapi_lists import PAGING, pages
from api.parsing import body_of
from api.schemas.admin.bodies import CreateServiceAccount, UpdateServiceAccount
from api.schemas.admin.lists import paging_of, rendered_page
from api.schemas.admin.replies import render_service_account
from api.schemas.admin.requests import assignments_of, identifier, parsed
from api.views.admin.base import AdminView
from audit.actions import Action
from orgs.directory import get_service_account, service_accounts
from orgs.models import ServiceAccount
from orgs.service_accounts import (
    create_service_account,
    delete_service_account,
    rename_service_account,
    rotate_secret,
)
from orgs.verbs import denials_recorded


class ServiceAccountsView(AdminView):
    """Oldest first."""

    @extend_schema(
        operation_id="list_service_accounts",
        parameters=PAGING,
        responses={200: pages("ServiceAccount")},
    )
    def get(self, request: Request) -> Response:
        page = service_accounts(self.actor, self.organization, **paging_of(request.query_params))
        return Response(rendered_page(page, render_service_account))

    @extend_schema(
        operation_id="create_service_account",
        request=body("CreateServiceAccount"),
        responses={201: reply("ServiceAccountWithSecret")},
    )
    def post(self, request: Request) -> Response:
        del request
        wish = parsed(body_of(self.request_as_received), CreateServiceAccount, self.api_version)
        roles = assignments_of(wish.role_bindings or [], self.organization)
        account, plain = create_service_account(
            self.actor, self.organization, name=wish.name, assignments=roles
        )
        return Response(with_secret(account, plain), status=201)


class ServiceAccountView(AdminView):
    """One service account, by its id."""

    @extend_schema(operation_id="fetch_service_account", responses={200: reply("ServiceAccount")})
    def get(self, request: Request, service_account_id: str) -> Response:
        del request
        found = found_account(self, service_account_id)
        return Response(render_service_account(found))

    @extend_schema(
        operation_id="update_service_account",
        request=body("UpdateServiceAccount"),
        responses={200: reply("ServiceAccount")},
    )
    def patch(self, request: Request, service_account_id: str) -> Response:
        del request
        wish = parsed(body_of(self.request_as_received), UpdateServiceAccount, self.api_version)
        with _tried(self, Action.SERVICE_ACCOUNT_RENAMED, service_account_id):
            found = found_account(self, service_account_id)
        name = found.name if wish.name is None else wish.name
        return Response(
            render_service_account(rename_service_account(self.actor, found, name=name))
        )

    @extend_schema(operation_id="delete_service_account", responses={204: None})
    def delete(self, request: Request, service_account_id: str) -> Response:
        del request
        with _tried(self, Action.SERVICE_ACCOUNT_DELETED, service_account_id):
            found = found_account(self, service_account_id)
        delete_service_account(self.actor, found)
        return Response(status=204)


class RotateSecretView(AdminView):
    """A new secret; the old ones and their tokens stop at once."""

    @extend_schema(
        operation_id="rotate_service_account_secret",
        request=None,
        responses={200: reply("ServiceAccountWithSecret")},
    )
    def post(self, request: Request, service_account_id: str) -> Response:
        del request
        with _tried(self, Action.SERVICE_ACCOUNT_ROTATED, service_account_id):
            found = found_account(self, service_account_id)
        plain = rotate_secret(self.actor, found)
        found = found_account(self, service_account_id)
        return Response(with_secret(found, plain))


def found_account(view: AdminView, service_account_id: str) -> ServiceAccount:
    wanted = identifier(service_account_id, noun="Service account")
    return get_service_account(view.actor, view.organization, wanted)


def with_secret(account: ServiceAccount, plain: PlainKey) -> dict[str, Any]:
    return {"service_account": render_service_account(account), "client_secret": plain.value}


def _tried(
    view: AdminView, action: Action, service_account_id: str
) -> AbstractContextManager[None]:
    named = {"service_account": service_account_id}
    return denials_recorded(view.actor, action, view.organization, **named)

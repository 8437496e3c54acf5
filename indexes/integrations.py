"""Storage integrations: keeping what imports need to read a project's private buckets."""

import json
import re
from collections.abc import Mapping
from typing import Any

from access.actor import Actor
from access.decide import require
from access.permissions import Permission
from audit.actions import Action
from audit.record import record
from indexes.models import StorageIntegration
from kit.environment import environment
from kit.errors import AlreadyExists, InvalidArgument, NotFound
from orgs.tenancy import tenant
from orgs.verbs import verb
from projects.keys import newest_data_key
from projects.models import Project
from projects.projects import locked_project
from storage.import_uris import Provider
from storage.integrations import seal_credentials

_MAX_INTEGRATIONS = 100
_MAX_SECRET_BYTES = 16 * 1024
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._-]{0,79}")
_REGION = re.compile(r"[a-z0-9-]{0,40}")
# Of each provider the sets of credentials that will do; none stands for public buckets.
_CREDENTIALS: dict[str, tuple[frozenset[str], ...]] = {
    Provider.S3: (
        frozenset({"access_key_id", "secret_access_key"}),
        frozenset({"access_key_id", "secret_access_key", "session_token"}),
        frozenset(),
    ),
    Provider.GCS: (frozenset({"service_account_key"}),),
    Provider.AZURE: (frozenset({"account_key"}), frozenset({"sas_token"})),
}
# What else such a file may hold decides where it is sent.
_SERVICE_ACCOUNT = ("type", "client_email", "private_key", "private_key_id")


@verb(Action.STORAGE_INTEGRATION_CREATED)
def create_storage_integration(
    actor: Actor,
    project: Project,
    *,
    name: str,
    provider: str,
    credentials: Mapping[str, str],
    region: str = "",
    endpoint: str = "",
) -> StorageIntegration:
    """Keep credentials for buckets of one provider; they are never shown again.

    `endpoint` is for S3-compatible stores, and must be one that the operator allows.
    """
    require(actor, Permission.PROJECT_UPDATE, project.scope)
    project = locked_project(project.pk)
    made = StorageIntegration(
        organization=project.organization,
        project=project,
        name=_checked_name(name),
        provider=provider,
        place=_checked_place(provider, region=region, endpoint=endpoint),
    )
    held = StorageIntegration.objects.filter(project=project)
    if held.filter(name=name).exists():
        raise AlreadyExists(f"There is a storage integration {name} in this project.")
    if held.count() >= _MAX_INTEGRATIONS:
        raise InvalidArgument(f"A project has at most {_MAX_INTEGRATIONS} storage integrations.")
    key = newest_data_key(project.pk, using="default")
    checked = _checked_credentials(provider, credentials)
    made.sealed_credentials = seal_credentials(key, made.pk, checked)
    made.save(force_insert=True)
    record(actor, Action.STORAGE_INTEGRATION_CREATED, target=made.audit_target(), provider=provider)
    return made


@verb(Action.STORAGE_INTEGRATION_DELETED)
def delete_storage_integration(actor: Actor, integration: StorageIntegration) -> None:
    """Imports that use it fail from now on."""
    require(actor, Permission.PROJECT_UPDATE, integration.project.scope)
    deleted, _ = StorageIntegration.objects.filter(pk=integration.pk).delete()
    if not deleted:
        raise NotFound("There is no such storage integration.")
    record(actor, Action.STORAGE_INTEGRATION_DELETED, target=integration.audit_target())


def visible_storage_integrations(actor: Actor, project: Project) -> list[StorageIntegration]:
    require(actor, Permission.PROJECT_READ, project.scope)
    with tenant(project.organization_id):
        rows = StorageIntegration.objects.filter(project=project)
        return list(rows.select_related("project", "organization").order_by("name"))


def get_storage_integration(actor: Actor, project: Project, reference: str) -> StorageIntegration:
    """By name or id."""
    for one in visible_storage_integrations(actor, project):
        if reference in (one.name, str(one.pk)):
            return one
    raise NotFound(f"There is no storage integration {reference[:80]} in this project.")


def _checked_name(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise InvalidArgument(
            "A storage integration's name has 1 to 80 letters, digits, spaces, '.', '_' or '-'.",
            field="name",
        )
    return name


def _checked_place(provider: str, *, region: str, endpoint: str) -> dict[str, str]:
    if provider not in _CREDENTIALS:
        raise InvalidArgument(
            f"provider must be one of {', '.join(_CREDENTIALS)}.", field="provider"
        )
    if (region or endpoint) and provider != Provider.S3:
        raise InvalidArgument("Only S3 has a region and an endpoint.", field="region")
    if not _REGION.fullmatch(region):
        raise InvalidArgument("region is not the name of one.", field="region")
    endpoint = endpoint.rstrip("/")
    if endpoint and endpoint not in environment().import_endpoints_allowed:
        raise InvalidArgument(
            "endpoint is not one that this installation allows (STONEPINE_IMPORT_ENDPOINTS).",
            field="endpoint",
        )
    return {name: value for name, value in (("region", region), ("endpoint", endpoint)) if value}


def _checked_credentials(provider: str, credentials: Mapping[str, str]) -> dict[str, str]:
    """Only what the provider needs. Errors name fields, never their values."""
    given = {name: value for name, value in credentials.items() if value}
    if given.keys() not in _CREDENTIALS[provider]:
        wanted = " or ".join(", ".join(sorted(names)) or "none" for names in _CREDENTIALS[provider])
        raise InvalidArgument(f"{provider} needs the credentials {wanted}.", field="credentials")
    if sum(map(len, given.values())) > _MAX_SECRET_BYTES:
        raise InvalidArgument("The credentials are too large.", field="credentials")
    if provider == Provider.GCS:
        given["service_account_key"] = _checked_service_account(given["service_account_key"])
    return given


def _checked_service_account(text: str) -> str:
    """A service account's key file, without what would send its owner's token elsewhere."""
    try:
        found: dict[str, Any] = dict(json.loads(text))
        return json.dumps({name: str(found[name]) for name in _SERVICE_ACCOUNT})
    except (ValueError, TypeError, KeyError):
        raise InvalidArgument(
            "service_account_key is not the key file of a service account.", field="credentials"
        ) from None

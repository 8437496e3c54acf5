"""From an import's URI to the place where its files are."""

from dataplane.importer.local_source import LocalSource
from dataplane.importer.remote_source import open_remote
from dataplane.importer.source import ImportFailed, Source
from keyring.envelope import DataKey
from kit.environment import Environment
from storage.catalog import IndexRow
from storage.database import Connection
from storage.import_uris import ImportUri, Provider, allowed_folder, parse_import_uri
from storage.imports import ImportRow
from storage.integrations import IntegrationRow, load_integration


def open_source(
    connection: Connection,
    settings: Environment,
    index: IndexRow,
    *,
    key: DataKey,
    row: ImportRow,
) -> Source:
    """Nothing is opened yet. Raises `InvalidArgument` or `ImportFailed` for what may not be read:
    what was allowed when the import began need not be so any more."""
    uri = parse_import_uri(row.uri)
    if uri.provider is Provider.LOCAL:
        folders = settings.import_folders_of(
            organization_id=index.org_id, project_id=index.project_id
        )
        return LocalSource(*allowed_folder(uri, folders))
    if row.integration_id is None:
        return open_remote(uri, {}, {})
    integration = load_integration(connection, index.project_id, row.integration_id)
    if integration is None:
        raise ImportFailed("The storage integration of the import is not there any more.")
    _require_endpoint(integration, settings)
    _require_provider(integration, uri)
    return open_remote(uri, integration.place, integration.credentials(key))


def _require_endpoint(integration: IntegrationRow, settings: Environment) -> None:
    endpoint = integration.place.get("endpoint")
    if endpoint and endpoint not in settings.import_endpoints_allowed:
        raise ImportFailed("The endpoint of the storage integration is not allowed any more.")


def _require_provider(integration: IntegrationRow, uri: ImportUri) -> None:
    if integration.provider != uri.provider:
        raise ImportFailed("The storage integration is for another provider than uri names.")

"""From an import's URI to the place where its files are."""

from dataplane.importer.local_source import LocalSource
from dataplane.importer.source import Source
from kit.environment import Environment
from kit.errors import InvalidArgument
from storage.catalog import IndexRow
from storage.import_uris import Provider, allowed_folder, parse_import_uri


def open_source(uri: str, settings: Environment, index: IndexRow) -> Source:
    """Nothing is opened yet. Raises `InvalidArgument` for what may not be read."""
    parsed = parse_import_uri(uri)
    if parsed.provider is Provider.LOCAL:
        folders = settings.import_folders_of(
            organization_id=index.org_id, project_id=index.project_id
        )
        return LocalSource(*allowed_folder(parsed, folders))
    raise InvalidArgument("Only local folders can be imported so far.")

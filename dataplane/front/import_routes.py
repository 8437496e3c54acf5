"""Bulk imports over REST: their routes beside the operations, because no engine is asked.

The clients have no gRPC for them, so there is none here.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from uuid import UUID

from access.permissions import Permission
from dataplane.front import checks
from dataplane.front.attempts import refusal_event
from dataplane.front.call import Call
from dataplane.front.gate import Admission
from dataplane.front.import_desk import (
    ImportDesk,
    read_before,
    read_import_id,
    read_integration_id,
)
from dataplane.front.rest_input import RestInput, unescape
from dataplane.front.routing import MethodNotAllowed
from kit.environment import Environment
from kit.errors import InvalidArgument, NotFound, PermissionDenied, StonepineError
from kit.ids import new_id
from protocol import from_json, to_json
from protocol.forms import ListImportsForm, StartImportForm
from protocol.pagination import read_token
from protocol.versions import ApiVersion
from storage.events import IMPORT_CANCELLED, IMPORT_STARTED, DataPlaneEvent
from storage.import_uris import Provider, allowed_folder, parse_import_uri
from storage.imports import NewImport, OnError

PREFIX = "/bulk/imports"
_ONE = PREFIX + "/{id}"
_MAX_ID_LENGTH = 1000
ReadBody = Callable[[], Awaitable[bytes]]


@dataclass(frozen=True, slots=True)
class ImportRoute:
    """`action` is the name of the audited act, "" where it is none."""

    permission: Permission
    action: str = ""


IMPORT_ROUTES: dict[str, dict[str, ImportRoute]] = {
    PREFIX: {
        "POST": ImportRoute(Permission.DATA_WRITE, IMPORT_STARTED),
        "GET": ImportRoute(Permission.DATA_READ),
    },
    _ONE: {
        "GET": ImportRoute(Permission.DATA_READ),
        "DELETE": ImportRoute(Permission.DATA_WRITE, IMPORT_CANCELLED),
    },
}


@dataclass(frozen=True, slots=True)
class Visit:
    """One admitted request for `import_id`, or for all where it is None."""

    call: Call
    admission: Admission
    import_id: str | None
    rest: RestInput

    @property
    def version(self) -> ApiVersion:
        return self.call.version or ApiVersion.UNSTABLE

    @property
    def is_confined(self) -> bool:
        """Whether the key is for namespaces of its own: an import may touch any."""
        return bool(self.admission.credential.actor.reach.namespaces)

    def event(self, action: str, import_id: UUID, **parameters: str) -> DataPlaneEvent:
        return DataPlaneEvent(
            index_id=self.admission.index.index_id,
            origin=self.call.origin(self.admission),
            action=action,
            import_id=import_id,
            parameters=parameters,
        )


class ImportRoutes:
    """`record` writes the event of a refused act."""

    def __init__(
        self,
        desk: ImportDesk,
        settings: Environment,
        record: Callable[[DataPlaneEvent | None], Awaitable[None]],
    ) -> None:
        self._desk = desk
        self._settings = settings
        self._record = record

    @staticmethod
    def has(path: str) -> bool:
        return path == PREFIX or path.startswith(PREFIX + "/")

    async def answer(self, method: str, path: str, visit: Visit, read_body: ReadBody) -> bytes:
        route = _find(method, path)
        try:
            visit.admission.require(route.permission)
            if visit.is_confined and route.permission is Permission.DATA_WRITE:
                raise PermissionDenied("This API key may write to namespaces of its own only.")
            visit.rest.body = await read_body()
            return await self._act(method, visit)
        except StonepineError as error:
            event = refusal_event(visit.call, visit.admission, route.action, error)
            await self._record(event)
            raise

    async def _act(self, method: str, visit: Visit) -> bytes:
        if visit.import_id is None:
            act = self._start if method == "POST" else self._list
        else:
            act = self._describe if method == "GET" else self._cancel
        return await act(visit)

    async def _start(self, visit: Visit) -> bytes:
        new = self._checked(from_json.start_import(visit.rest.body), visit)
        event = visit.event(IMPORT_STARTED, new.id, uri=new.uri, on_error=new.on_error)
        await self._desk.start(visit.admission.index, new, event)
        return to_json.import_started(str(new.id))

    async def _list(self, visit: Visit) -> bytes:
        rest = visit.rest
        form = ListImportsForm(rest.number("limit"), rest.text("paginationToken"))
        limit = checks.limit(form.limit, largest=100)
        before = read_before(read_token(form.pagination_token))
        if visit.is_confined:
            return to_json.imports([], None, visit.version)
        found, after = await self._desk.page(visit.admission.index, limit=limit, before=before)
        return to_json.imports(found, str(after) if after else None, visit.version)

    async def _describe(self, visit: Visit) -> bytes:
        import_id = read_import_id(visit.import_id or "")
        if visit.is_confined:
            raise NotFound("Import not found.")
        row, problem = await self._desk.describe(visit.admission.index, import_id)
        return to_json.described_import(row, problem, visit.version)

    async def _cancel(self, visit: Visit) -> bytes:
        import_id = read_import_id(visit.import_id or "")
        event = visit.event(IMPORT_CANCELLED, import_id)
        await self._desk.cancel(visit.admission.index, import_id, event)
        return b"{}"

    def _checked(self, form: StartImportForm, visit: Visit) -> NewImport:
        index = visit.admission.index
        uri = parse_import_uri(form.uri)
        if uri.provider is Provider.LOCAL:
            folders = self._settings.import_folders_of(
                organization_id=index.org_id, project_id=index.project_id
            )
            allowed_folder(uri, folders)
        if form.on_error not in ("", *OnError):
            raise InvalidArgument("errorMode.onError must be abort or continue.")
        return NewImport(
            id=new_id(),
            index_id=index.index_id,
            key_id=visit.admission.credential.public_id,
            uri=form.uri,
            on_error=form.on_error or OnError.CONTINUE,
            integration_id=read_integration_id(form.integration_id),
        )


def split_import(path: str) -> str | None:
    """The id in the path, still of any form; None for the path of all imports."""
    rest = path.removeprefix(PREFIX).removeprefix("/")
    if len(rest) > _MAX_ID_LENGTH or "/" in rest:
        raise NotFound("Import not found.")
    return unescape(rest) if rest else None


def _find(method: str, path: str) -> ImportRoute:
    by_method = IMPORT_ROUTES[PREFIX if path.rstrip("/") == PREFIX else _ONE]
    if method not in by_method:
        raise MethodNotAllowed(sorted(by_method))
    return by_method[method]

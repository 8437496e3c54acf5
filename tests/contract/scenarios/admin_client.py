"""The whole Admin API through the official client: projects, keys, people, machines, roles."""

import sys

from pinecone import Admin, Pinecone
from pinecone.errors import ApiError, ConflictError, NotFoundError, UnauthorizedError

name, host, client_id, client_secret, owner = sys.argv[1:]


def client(who: str = client_id, secret: str = client_secret) -> Admin:
    return Admin(client_id=who, client_secret=secret, host=host, oauth_url=f"{host}/oauth/token")


def refused(kind: type[Exception], act: object, **arguments: object) -> Exception:
    try:
        act(**arguments)
    except kind as error:
        return error
    raise AssertionError(f"{act} was not refused")


admin = client()
(organization,) = admin.organizations.list()
assert admin.organizations.describe(organization_id=organization.id).plan == "Enterprise"

project = admin.projects.create(name=name)
assert project.organization_id == organization.id
assert admin.projects.describe_by_name(name=name).id == project.id
assert admin.projects.exists(project_id=project.id)
assert admin.projects.update(project_id=project.id, max_pods=2).max_pods == 2
renamed = admin.organizations.update(organization_id=organization.id, name=organization.name)
assert renamed.name == organization.name
refused(ApiError, admin.organizations.delete, organization_id=organization.id)

made = admin.api_keys.create(project_id=project.id, name="first")
assert Pinecone(api_key=made.value, host=host).list_indexes().names() == []
changed = admin.api_keys.update(api_key_id=made.key.id, name="second", roles=["ProjectViewer"])
assert (changed.name, [str(role.value) for role in changed.roles]) == ("second", ["ProjectViewer"])
assert [key.id for key in admin.api_keys.list(project_id=project.id)] == [made.key.id]
admin.api_keys.delete(api_key_id=made.key.id)
refused(NotFoundError, admin.api_keys.describe, api_key_id=made.key.id)
refused(UnauthorizedError, Pinecone(api_key=made.value, host=host).list_indexes)

(person,) = admin.users.list(email=owner)
assert admin.users.describe(user_id=person.id).email == owner
refused(ConflictError, admin.users.delete, user_id=person.id)

invite = admin.invites.create(
    email=f"{name}@example.com",
    role_bindings=[
        {"resource_type": "organization", "role": "OrgMember"},
        {"resource_type": "project", "role": "ProjectViewer", "resource_id": project.id},
    ],
)
assert (invite.status, invite.processed_at) == ("pending", None)
assert invite.id in [one.id for one in admin.invites.list(limit=1)]
held = list(admin.role_bindings.list(principal_type="invite", principal_id=invite.id))
assert {one.role for one in held} == {"OrgMember", "ProjectViewer"}
assert admin.invites.resend(invite_id=invite.id).expires_at >= invite.expires_at
admin.invites.delete(invite_id=invite.id)
refused(NotFoundError, admin.invites.describe, invite_id=invite.id)

robot = admin.service_accounts.create(name=name)
account = robot.service_account
assert admin.service_accounts.update(service_account_id=account.id, name="r2").name == "r2"
assert account.id in [one.id for one in admin.service_accounts.list(limit=1)]
binding = admin.role_bindings.create(
    principal_type="service_account", principal_id=account.id,
    resource_type="project", resource_id=project.id, role="ProjectOwner",
)  # fmt: skip
assert admin.role_bindings.describe(role_binding_id=binding.id).role == "ProjectOwner"
theirs = client(account.client_id, robot.client_secret)
assert [one.id for one in theirs.projects.list()] == [project.id]
rotated = admin.service_accounts.rotate_secret(service_account_id=account.id)
refused(ApiError, client, who=account.client_id, secret=robot.client_secret)
theirs = client(account.client_id, rotated.client_secret)
admin.role_bindings.delete(role_binding_id=binding.id)
assert list(theirs.projects.list()) == []
admin.service_accounts.delete(service_account_id=account.id)
refused(ApiError, theirs.projects.list)

admin.projects.delete(project_id=project.id)
assert not admin.projects.exists(project_id=project.id)

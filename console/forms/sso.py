"""Single sign-on: finding one's identity provider, and the steps of its set-up."""

from collections.abc import Mapping
from typing import Any

from django import forms

from access.matrix import ROLE_LABELS
from access.permissions import ORGANIZATION_ROLES, Role
from console.forms.accounts import address_field
from console.forms.base import ConsoleForm, OnePageForm
from kit.errors import InvalidArgument
from sso.connections import Rules
from sso.metadata import ProviderMetadata, certificate_pem
from sso.models import Binding, SamlConnection
from sso.presets import PRESETS

_LONG = {"rows": 6, "spellcheck": "false"}


class DiscoveryForm(ConsoleForm):
    """The address whose domain tells where to go."""

    email = address_field(autofocus=True)


class DomainForm(OnePageForm):
    domain = forms.CharField(
        label="Mail domain", max_length=253, help_text="For example pine.example.com."
    )


class ConnectionForm(OnePageForm):
    name = forms.CharField(label="Name", max_length=80, help_text="What people call the provider.")
    preset = forms.ChoiceField(
        label="Kind of provider",
        choices=[(key, preset.label) for key, preset in PRESETS.items()],
    )


class MetadataUrlForm(OnePageForm):
    url = forms.CharField(
        label="Metadata address",
        max_length=2048,
        required=False,
        help_text="Read now and then once a day, so that new certificates arrive by themselves.",
    )


class MetadataForm(OnePageForm):
    metadata = forms.CharField(
        label="Metadata (XML)", max_length=512_000, widget=forms.Textarea(attrs=_LONG)
    )


class ProviderForm(OnePageForm):
    """For providers that publish no metadata."""

    entity_id = forms.CharField(label="Entity ID (issuer)", max_length=1024)
    sso_url = forms.CharField(label="Sign-on address", max_length=2048)
    slo_url = forms.CharField(label="Logout address", max_length=2048, required=False)
    certificate = forms.CharField(
        label="Signing certificate (PEM)", widget=forms.Textarea(attrs=_LONG), max_length=20_000
    )

    def provider(self) -> ProviderMetadata:
        """Raises `InvalidArgument`."""
        said = self.cleaned_data
        return ProviderMetadata(
            entity_id=said["entity_id"],
            sso_redirect_url=said["sso_url"],
            sso_post_url=None,
            slo_redirect_url=said["slo_url"] or None,
            slo_post_url=None,
            certificates=(certificate_pem(said["certificate"]),),
        )


class CertificateForm(OnePageForm):
    certificate = forms.CharField(
        label="Next certificate (PEM)", widget=forms.Textarea(attrs=_LONG), max_length=20_000
    )


class RulesForm(OnePageForm):
    """What attributes mean, who may join, and how messages travel."""

    email_attribute = forms.CharField(
        label="E-mail attribute", max_length=256, required=False,
        help_text="Left empty, the NameID is the address.",
    )  # fmt: skip
    name_attribute = forms.CharField(label="Name attribute", max_length=256, required=False)
    roles_attribute = forms.CharField(
        label="Roles attribute", max_length=256, required=False,
        help_text="pinecone:<role>, or pinecone:project:<project id>:<role>. Counts while people "
        "are managed by SAML attributes.",
    )  # fmt: skip
    groups_attribute = forms.CharField(label="Groups attribute", max_length=256, required=False)
    group_roles = forms.CharField(
        label="Roles of groups", required=False, max_length=20_000,
        widget=forms.Textarea(attrs={"rows": 4, "spellcheck": "false"}),
        help_text="One per line: group = pinecone:OrgMember.",
    )  # fmt: skip
    default_role = forms.ChoiceField(
        label="Role of people who join",
        choices=[
            (str(role), ROLE_LABELS[role])
            for role in Role
            if role in ORGANIZATION_ROLES and role is not Role.ORG_OWNER
        ],
    )
    binding = forms.ChoiceField(
        label="How requests travel", choices=[("redirect", "HTTP-Redirect"), ("post", "HTTP-POST")]
    )
    may_join = forms.BooleanField(label="People without an account may join", required=False)
    may_start_at_idp = forms.BooleanField(label="The provider may begin a sign-on", required=False)
    must_encrypt = forms.BooleanField(label="Only encrypted assertions", required=False)
    signs_requests = forms.BooleanField(label="Sign our requests", required=False)

    @classmethod
    def of(cls, connection: SamlConnection) -> "RulesForm":
        said: dict[str, Any] = {name: getattr(connection, name) for name in cls.base_fields}
        pairs: Mapping[str, str] = connection.group_roles
        said["group_roles"] = "\n".join(f"{group} = {role}" for group, role in pairs.items())
        return cls(initial=said, prefix=None)

    def rules(self) -> Rules:
        """Raises `InvalidArgument`."""
        said = self.cleaned_data
        return Rules(
            **{
                **said,
                "group_roles": _pairs(said["group_roles"]),
                "default_role": Role(said["default_role"]),
                "binding": Binding(said["binding"]),
            }
        )


def _pairs(text: str) -> dict[str, str]:
    found = {}
    for line in filter(None, map(str.strip, text.splitlines())):
        group, equals, role = line.rpartition("=")
        if not equals:
            raise InvalidArgument(
                f"{line[:80]!r} is not of the form: group = role.", field="group_roles"
            )
        found[group.strip()] = role.strip()
    return found

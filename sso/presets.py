"""What identity providers call things, and where their administrators find what we ask for."""

from dataclasses import dataclass

_CLAIMS = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims"
_MICROSOFT = "http://schemas.microsoft.com/ws/2008/06/identity/claims"


@dataclass(frozen=True, slots=True)
class Preset:
    """The usual attribute names of one kind of provider, and how it is set up there, in steps."""

    label: str
    email_attribute: str
    name_attribute: str
    groups_attribute: str
    steps: tuple[str, ...]


PRESETS: dict[str, Preset] = {
    "okta": Preset(
        "Okta", "email", "displayName", "groups",
        (
            "Applications → Create App Integration → SAML 2.0.",
            "Paste the ACS URL as Single sign-on URL and the entity id as Audience URI.",
            "Name ID format: EmailAddress or Persistent. Attribute statements: email → user.email, "
            "displayName → user.displayName. For roles: roles → your expression.",
            "Sign On tab → SAML 2.0 → copy the Metadata URL.",
        ),
    ),
    "entra": Preset(
        "Microsoft Entra ID", f"{_CLAIMS}/emailaddress", f"{_CLAIMS}/name", f"{_MICROSOFT}/groups",
        (
            "Enterprise applications → New application → Create your own → Single sign-on → SAML.",
            "Paste the entity id as Identifier and the ACS URL as Reply URL.",
            "Under SAML Certificates choose Sign SAML response and assertion, SHA-256.",
            "Copy the App Federation Metadata URL.",
        ),
    ),
    "google": Preset(
        "Google Workspace", "email", "name", "groups",
        (
            "Admin console → Apps → Web and mobile apps → Add custom SAML app.",
            "Download the metadata, and upload it here.",
            "Paste the ACS URL and the entity id; Name ID format: EMAIL, Primary email.",
            "Map Primary email → email. Turn the app on for your people.",
        ),
    ),
    "keycloak": Preset(
        "Keycloak", "email", "name", "groups",
        (
            "Clients → Import client, with our metadata; or create a SAML client whose id is our "
            "entity id.",
            "Client signature required: on, with our certificate. Sign assertions: on.",
            "Add mappers for email, name and, where you want them, groups and roles.",
            "Realm settings → Endpoints → SAML 2.0 Identity Provider Metadata.",
        ),
    ),
    "adfs": Preset(
        "AD FS", f"{_CLAIMS}/emailaddress", f"{_CLAIMS}/name",
        "http://schemas.xmlsoap.org/claims/Group",
        (
            "Add Relying Party Trust, from our metadata URL.",
            "Claim rules: LDAP E-Mail-Addresses → E-Mail Address; transform it into Name ID.",
            "Set-AdfsRelyingPartyTrust -SamlResponseSignature MessageAndAssertion.",
            "Metadata: https://<host>/FederationMetadata/2007-06/FederationMetadata.xml.",
        ),
    ),
    "jumpcloud": Preset(
        "JumpCloud", "email", "displayname", "memberOf",
        (
            "SSO Applications → Add → Custom SAML app.",
            "Paste the entity id as SP Entity ID and the ACS URL; sign assertion: on.",
            "User attributes: email → email, displayname → displayname. Group attribute: memberOf.",
            "Export the metadata, and upload it here.",
        ),
    ),
    "other": Preset(
        "Another SAML 2.0 provider", "email", "name", "groups",
        (
            "Make a SAML 2.0 application with our entity id and ACS URL, or from our metadata.",
            "Have it sign assertions with SHA-256 and send the address as the attribute email.",
        ),
    ),
}  # fmt: skip

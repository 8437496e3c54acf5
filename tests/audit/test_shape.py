"""Our acts in Pinecone's words."""

import pytest

from audit.shape import pinecones_words


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("api_key.created", ("create", "api-key")),
        ("api_key.revoked", ("delete", "api-key")),
        ("index.configured", ("update", "index")),
        ("member.added", ("create", "user")),
        ("project_member.added", ("create", "user")),
        ("user.signed_in", ("login", "user")),
        ("user.password_reset", ("update", "user")),
        ("user.session_revoked", ("update", "user")),
        ("organization.plan_changed", ("update", "organization")),
        ("billing_contact.changed", ("update", "billing_contact")),
        ("namespace.emptied", ("emptied", "namespace")),
    ],
)
def test_acts_are_called_as_pinecone_calls_them(name: str, words: tuple[str, str]) -> None:
    assert pinecones_words(name) == words

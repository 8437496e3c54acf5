"""SCIM 2.0: an organization's directory of people and groups, kept by its identity provider."""

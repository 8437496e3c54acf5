"""The Admin API: one module per noun, called with access tokens of service accounts."""

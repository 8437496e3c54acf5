"""Single sign-on: connections to identity providers."""

"""The admin console: HTML pages over the domain's verbs and queries."""

"""Composition: settings, URLs, Celery."""

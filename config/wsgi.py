"""The web process's entry point."""

import os

from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver

from kit.collector import leave_out_what_is_there

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
application = get_wsgi_application()
get_resolver().check()  # imports every view, which else the first request would wait for
leave_out_what_is_there()

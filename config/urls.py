"""All routes: the API's, then the console's."""

from django.urls import include, path

urlpatterns = [path("", include("api.urls")), path("", include("console.urls"))]

handler400 = "config.failures.bad_request"
handler403 = "config.failures.forbidden"
handler404 = "config.failures.not_found"
handler500 = "config.failures.server_error"

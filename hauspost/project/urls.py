"""The addresses of all pages."""

from django.urls import include, path

urlpatterns = [
    path("", include("hauspost.doors.health.urls")),
    path("", include("hauspost.doors.ui.urls")),
    path("desk/", include("hauspost.doors.desk.urls")),
    path("api/", include("hauspost.doors.api.urls")),
    path("", include("hauspost.doors.portal.urls")),
]
handler400 = "hauspost.doors.ui.errors.bad_request"
handler403 = "hauspost.doors.ui.errors.forbidden"
handler404 = "hauspost.doors.ui.errors.not_found"
handler500 = "hauspost.doors.ui.errors.server_error"

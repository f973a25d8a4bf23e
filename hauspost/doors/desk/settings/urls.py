"""Addresses of the settings, below /desk/settings/."""

from django.urls import path

from hauspost.doors.desk.settings import frame

urlpatterns = [
    path("", frame.show, name="settings"),
]

"""Addresses for programs, below /api/: one door; its routes are loaded when it is first asked."""

from django.urls import path

from hauspost.doors.api import docs, door

urlpatterns = [
    path("v1/docs", docs.show, name="api-docs"),
    path("v1/openapi.json", docs.openapi, name="api-schema"),
    path("v1/<path:path>", door.answer, name="api"),
    path("", door.nowhere, name="api-start"),
    path("<path:path>", door.nowhere, name="api-nowhere"),
]

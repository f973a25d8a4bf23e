"""Addresses of the portal."""

from django.urls import path

from hauspost.doors.portal import ask, me, tickets

_one = "my-tickets/<int:number>"

urlpatterns = [
    path("ask", ask.ask, name="portal"),
    path("my-tickets", tickets.show, name="my-tickets"),
    path("my-tickets/shared", tickets.shared, name="shared-tickets"),
    path(_one, tickets.one, name="my-ticket"),
    path(f"{_one}/answers", tickets.answers, name="my-answers"),
    path(f"{_one}/confirmation", tickets.confirmation, name="my-confirmation"),
    path(f"{_one}/reopening", tickets.reopening, name="my-reopening"),
    path(f"{_one}/files/<int:file>", tickets.file, name="my-file"),
    path("me", me.show, name="me"),
]

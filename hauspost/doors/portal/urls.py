"""Addresses of the portal."""

from django.urls import path

from hauspost.doors.portal import ask, links, me, ticket, tickets

_one = "my-tickets/<int:number>"
# Short, so that no mail program breaks it over two lines; what stands in it is the whole proof.
_link = "t/<str:token>"

urlpatterns = [
    path("ask", ask.ask, name="portal"),
    path("my-tickets", tickets.show, name="my-tickets"),
    path("my-tickets/shared", tickets.shared, name="shared-tickets"),
    path("my-tickets/department", tickets.department, name="department-tickets"),
    path("my-tickets/export", tickets.export, name="my-tickets-export"),
    path(_one, ticket.show, name="my-ticket"),
    path(f"{_one}/answers", ticket.answers, name="my-answers"),
    path(f"{_one}/confirmation", ticket.confirmation, name="my-confirmation"),
    path(f"{_one}/reopening", ticket.reopening, name="my-reopening"),
    path(f"{_one}/rating", ticket.rating, name="my-rating"),
    path(f"{_one}/files/<int:file>", ticket.file, name="my-file"),
    path("me", me.show, name="me"),
    path("me/links", me.links, name="my-links"),
    path(_link, links.show, name="link"),
    path(f"{_link}/answers", links.answers, name="link-answers"),
    path(f"{_link}/confirmation", links.confirmation, name="link-confirmation"),
    path(f"{_link}/reopening", links.reopening, name="link-reopening"),
    path(f"{_link}/rating", links.rating, name="link-rating"),
    path(f"{_link}/files/<int:file>", links.file, name="link-file"),
]

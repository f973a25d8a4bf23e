from django.apps import AppConfig


class TicketsConfig(AppConfig):
    name = "hauspost.records.tickets"
    label = "tickets"

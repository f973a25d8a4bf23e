from django.apps import AppConfig


class PeopleConfig(AppConfig):
    name = "hauspost.records.people"
    label = "people"

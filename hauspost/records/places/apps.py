from django.apps import AppConfig


class PlacesConfig(AppConfig):
    name = "hauspost.records.places"
    label = "places"

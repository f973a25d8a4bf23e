from django.apps import AppConfig


class CatalogueConfig(AppConfig):
    name = "hauspost.records.catalogue"
    label = "catalogue"

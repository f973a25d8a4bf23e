from django.apps import AppConfig


class PrivacyConfig(AppConfig):
    name = "hauspost.duties.privacy"
    label = "privacy"

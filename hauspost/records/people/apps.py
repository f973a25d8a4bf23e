"""The rooms of people as Django sees them."""

from allauth.mfa.apps import MFAConfig
from django.apps import AppConfig


class PeopleConfig(AppConfig):
    name = "hauspost.records.people"
    label = "people"
    default = True


class Factors(MFAConfig):  # type: ignore[misc]
    """Only the tables and scripts of allauth.mfa: its pages, signals and account system stay out."""

    verbose_name = "Second factors"

    def ready(self) -> None:
        """Nothing: the original hooks into allauth.account, which is not installed."""

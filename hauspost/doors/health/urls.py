"""Addresses for machines."""

from django.urls import path

from hauspost.doors.health import answers

urlpatterns = [
    path("healthz", answers.health, name="health"),
    path("metrics", answers.metrics, name="metrics"),
]

"""Addresses that desk and portal share."""

from django.urls import path

from hauspost.doors.ui import preferences, signing

urlpatterns = [
    path("", signing.home, name="home"),
    path("sign-in", signing.sign_in, name="sign-in"),
    path("sign-out", signing.sign_out, name="sign-out"),
    path("first/<str:token>", signing.first_administrator, name="first-administrator"),
    path("look", preferences.look, name="look"),
]

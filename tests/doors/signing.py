"""Signing in as somebody would: what the browser shows, what the mail says, what the app on the phone computes."""

import base64
import re
from dataclasses import replace
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP
from django.conf import settings
from django.test import Client

from hauspost.ground import clock
from hauspost.ground.history.models import Event
from hauspost.ground.history.reading import data_of
from hauspost.ground.mail.letter import read_letter
from hauspost.ground.mail.models import OutgoingMail
from hauspost.records.people import factors
from hauspost.records.people.actions import set_password
from hauspost.records.people.actor import SYSTEM, Actor, Proof
from hauspost.records.people.factors._sealing import seal, unseal
from hauspost.records.people.models import Person
from tests.desk import Desk

PASSWORD = "a good long one"
SECRET = base64.b32encode(b"twenty bytes, no more").decode()


def with_password(desk: Desk, name: str) -> Person:
    """Somebody of the cast who has a password, and reads English."""
    Person.objects.filter(pk=desk.person(name).pk).update(language="en")
    person = Person.objects.get(pk=desk.person(name).pk)
    set_password(person, PASSWORD, actor=SYSTEM)
    return person


def with_app(desk: Desk, name: str) -> tuple[Person, list[str]]:
    """Somebody with a password and an authenticator app; and the recovery codes. The app's present code is spent."""
    person = with_password(desk, name)
    codes = factors.add_app(person, seal(SECRET), shown_by_app(), actor=acting(person))
    return person, codes


def acting(person: Person) -> Actor:
    return Actor(who=person, via="web", proof=Proof.SESSION)


def shown_by_app(secret: str = SECRET) -> str:
    """What the app shows now."""
    return TOTP(base64.b32decode(secret), 6, SHA1(), 30).generate(int(clock.now().timestamp())).decode()


def secret_of(person: Person) -> str:
    return unseal(Authenticator.objects.get(user=person, type="totp").data["secret"])


def client(**more: Any) -> Client:
    return Client(HTTP_ACCEPT_LANGUAGE="en", **more)


def give_password(browser: Client, address: str, password: str = PASSWORD, **more: str) -> Any:
    return browser.post("/sign-in", {"address": address, "password": password, **more})


def ask_for_code(browser: Client, address: str, **more: str) -> Any:
    return browser.post("/sign-in", {"address": address, "step": "code", **more})


def mails() -> list[OutgoingMail]:
    """The mails with codes, oldest first."""
    return list(OutgoingMail.objects.filter(message_id__startswith="sign-in.").order_by("id"))


def mailed_code() -> str:
    """The code of the latest mail."""
    letter = read_letter(mails()[-1].letter())
    found = re.search(r"^(\d{4}) (\d{4})$", letter.text, re.MULTILINE)
    assert found is not None, letter.text
    return found[1] + found[2]


def is_in(browser: Client) -> bool:
    """Is somebody signed in here?"""
    return browser.get("/me").status_code == 200


def recorded(person: Person, kind: str) -> list[dict[str, Any]]:
    """What the record tells of a person, oldest first."""
    return [data_of(event) for event in Event.objects.filter(stream__name=person.stream, kind=kind).order_by("seq")]


def configured(monkeypatch: pytest.MonkeyPatch, **changes: Any) -> None:
    """Other settings of the house."""
    monkeypatch.setattr(settings, "HAUSPOST", replace(settings.HAUSPOST, **changes))

"""The mailed code: eight digits for the browser that asked, valid for 15 minutes and once (S12, S22, S23)."""

import hashlib
import secrets
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.http import HttpRequest
from django.utils import translation
from django.utils.crypto import constant_time_compare
from django.utils.translation import gettext as _

from hauspost.ground import clock
from hauspost.ground.mail import outbox
from hauspost.ground.mail.compose import Outgoing, automatic_headers, is_sendable
from hauspost.ground.mail.models import OutgoingMail
from hauspost.ground.text.plain import html_of_text
from hauspost.ground.tokens import base32
from hauspost.records.people.actions import house_sender, known_person
from hauspost.records.people.login import attempts
from hauspost.records.people.login.backend import may_sign_in
from hauspost.records.people.login.refusals import NoMailedCode, WrongMailedCode
from hauspost.records.people.models import Address, Membership, Person

LIVES = timedelta(minutes=15)
TRIES = 5
DIGITS = 8
_KEY = "mailed_code"
# An anonymous session that only waits for a code need not last for days.
_SESSION_LIVES = timedelta(hours=1)


@transaction.atomic
def mail_code(request: HttpRequest, address: str) -> None:
    """Mail a code to whoever has this address, at the main one; the codes before end.

    For everybody else the same is done and taken back: answer and time tell nothing (S22). Raises TooManyMails.
    """
    attempts.count_mail(request, address)
    person = known_person(address)
    main = _main_address(person)
    reader = person if main and may_get_code(person) else None
    code = "".join(secrets.choice("0123456789") for _digit in range(DIGITS))
    with transaction.atomic():
        _queue(reader, main if reader else f"nobody@{settings.HAUSPOST.mail_domain}", code)
        if reader is None:
            transaction.set_rollback(True)
    request.session[_KEY] = {
        "address": address[:320],
        "person": reader.pk if reader else 0,
        "version": reader.session_version if reader else 0,
        "hash": _hash(code if reader else secrets.token_hex()),
        "until": int((clock.now() + LIVES).timestamp()),
        "tries": 0,
    }
    if not request.user.is_authenticated:
        request.session.set_expiry(int(_SESSION_LIVES.total_seconds()))


def may_get_code(person: Person | None) -> bool:
    """Outsiders have no portal (S9), unless the company gave them work here."""
    if person is None or not may_sign_in(person):
        return False
    return not person.is_external or person.is_administrator or Membership.objects.filter(person=person).exists()


def address_asked(request: HttpRequest) -> str:
    """For which address this browser asked for a code that may still be typed; "" for none."""
    kept = request.session.get(_KEY)
    return str(kept["address"]) if kept and kept["until"] > clock.now().timestamp() else ""


def check_code(request: HttpRequest, code: str) -> Person:
    """Whose code this is. Raises WrongMailedCode, NoMailedCode (too late, too often, elsewhere), TooManyTries."""
    attempts.refuse_guessing_peer(request)
    kept = request.session.get(_KEY)
    if not kept or kept["until"] <= clock.now().timestamp() or kept["tries"] >= TRIES:
        raise NoMailedCode
    plain = "".join(letter for letter in code if letter.isdigit())
    if not constant_time_compare(kept["hash"], _hash(plain)):
        request.session[_KEY] = {**kept, "tries": kept["tries"] + 1}
        known = next(iter(Person.objects.filter(pk=kept["person"])), None)
        attempts.note_failure(request, kept["address"], known, "code")
        raise WrongMailedCode if kept["tries"] + 1 < TRIES else NoMailedCode
    forget_code(request)
    person: Person | None = next(iter(Person.objects.filter(pk=kept["person"])), None)
    # A new password, another role or a reset since then ends it (S12).
    if person is None or not may_get_code(person) or person.session_version != kept["version"]:
        raise NoMailedCode
    return person


def forget_code(request: HttpRequest) -> None:
    """Let the code of this browser end."""
    request.session.pop(_KEY, None)


def _main_address(person: Person | None) -> str:
    """Where a person alone reads mail: what others read too, or a machine, gets no code."""
    rows = Address.objects.filter(person_id=person.pk if person else 0, is_main=True, kind=Address.Kind.PERSONAL)
    address = next(iter(rows.values_list("address", flat=True)), "")
    return address if address and is_sendable(address) else ""


def _queue(person: Person | None, address: str, code: str) -> None:
    domain, uid = settings.HAUSPOST.mail_domain, str(person.uid) if person else ""
    with translation.override((person.language if person else "") or translation.get_language()):
        subject, text = _words(person, code)
    sender = house_sender()
    outbox.queue(
        Outgoing(
            from_=(sender.name, sender.address),
            to=[(person.name if person else "", address)],
            subject=subject,
            text=text,
            html=html_of_text(text),
            message_id=f"sign-in.{base32(secrets.token_bytes(15))}@{domain}",
            date=clock.now(),
            headers=automatic_headers("auto-generated"),
        ),
        kind=OutgoingMail.Kind.NOTICE,
        stream="",
        about=0,
        entry=0,
        # Nothing answers it, and what comes back tells nobody anything (RFC 3834).
        envelope_from="",
        recipients=[(address, uid)],
        account=sender.account,
    )


def _words(person: Person | None, code: str) -> tuple[str, str]:
    page = f"{settings.HAUSPOST.public_url.rstrip('/')}/sign-in/code?code={code}"
    lines = [
        _("Hello %(name)s,") % {"name": person.name if person else "…"},
        _("your code to sign in is:"),
        f"{code[:4]} {code[4:]}",
        _("Type it where you asked for it. Or open this page in the same browser and press the button: %(page)s")
        % {"page": page},
        _("The code is valid for 15 minutes and works once."),
        _("You did not ask for it? Then you need not do anything. Never pass the code on, not even to us."),
    ]
    return _("Your code to sign in"), "\n\n".join(lines) + "\n"


def _hash(code: str) -> str:
    return hashlib.sha256(f"hauspost mailed code\0{code}".encode()).hexdigest()

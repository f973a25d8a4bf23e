"""Signed and encrypted mails: opened with their mailbox's keys, checked against whom the company trusts (P22.5)."""

from dataclasses import replace
from typing import Any

from django.conf import settings
from django.db.models import Q

from hauspost.duties.intake import reading
from hauspost.duties.intake.models import Delivery
from hauspost.ground import sealing
from hauspost.ground.mail.guard import OverBounds
from hauspost.ground.mail.letter import Letter
from hauspost.ground.mail.sealed import Opened, PgpKey, SmimeKey, Trust, open_letter, signature_as_dict
from hauspost.records.people.actions import KEY_PURPOSE
from hauspost.records.people.models import Mailbox, MailboxKey


def is_sealed(letter: Letter) -> bool:
    """Is there a signature to check, or something to decrypt?"""
    return not letter.fault and (letter.has_signature or letter.has_encrypted)


def open_sealed(row: Delivery, letter: Letter) -> tuple[Letter, dict[str, Any]]:
    """The letter with what could be opened of it, and what its entry tells of signature and encryption.

    Without a fitting key it stays as it was, with its files and a note. Runs openssl and gpg: outside any transaction.
    Whose ticket it becomes is not known yet: what a team's key has opened goes into no other team's (`matching`).
    """
    trust = Trust(smime=settings.HAUSPOST.smime_trust)
    raw, keys = reading.source_of(row), _keys_of(row)
    told: dict[str, Any] = {}
    try:
        opened = reading.within_bounds(
            row, "seal", lambda: open_letter(raw, keys, trust, at=row.received_at, letter=letter)
        )
    except OverBounds:
        opened = Opened(letter, note="too_big")
    if opened.signature is not None:
        told["signature"] = signature_as_dict(opened.signature)
    letter_opened = opened.letter
    if opened.decrypted:
        told["decrypted"] = opened.decrypted
    if opened.decrypted and not opened.is_senders_own:
        # Whoever has a copy of somebody else's sealed mail may have sent it as their own: they must not read it here.
        told["desk_only"] = True
        if opened.letter.subject != letter.subject:
            told["sealed_subject"] = opened.letter.subject
        letter_opened = replace(letter_opened, subject=letter.subject)
    if opened.note:
        told["sealed"] = opened.note
    return reading.with_files_stored(letter_opened), told


def _keys_of(row: Delivery) -> list[SmimeKey | PgpKey]:
    """The keys of the team that the mail came to, by an address or an alias of its mailbox; the newest first.

    Of all its mailboxes: else a copy to the one without a key would decide what the team reads of both (P9.3).
    """
    address = row.mailbox
    teams = Mailbox.objects.filter(Q(address__address=address) | Q(aliases__address__address=address)).values("team")
    keys: list[SmimeKey | PgpKey] = []
    for key in MailboxKey.objects.filter(mailbox__team__in=teams).order_by("-id"):
        try:
            private = sealing.unseal(key.private_sealed, KEY_PURPOSE)
        except sealing.SealedOtherwise:
            # After a restore without the key file; `doctor` says so.
            continue
        keys.append(SmimeKey(key.public, private) if key.kind == MailboxKey.Kind.SMIME else PgpKey(private))
    return keys

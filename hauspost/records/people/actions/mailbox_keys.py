"""The private keys by which a mailbox reads what was encrypted for it (P22.5): they go in, and never out (S21)."""

from django.db import transaction
from django.utils.translation import gettext as _

from hauspost.ground import clock
from hauspost.ground.history.actions import record
from hauspost.ground.mail.sealed_keys import read_pgp_key, read_smime_key
from hauspost.ground.refusals import Invalid
from hauspost.ground.sealing import seal
from hauspost.records.people.actions.checks import only_administrators
from hauspost.records.people.actor import Actor
from hauspost.records.people.models import Mailbox, MailboxKey

KEY_PURPOSE = "mailbox keys"


def add_mailbox_key(mailbox: Mailbox, data: bytes, *, actor: Actor, password: str = "") -> MailboxKey:
    """Let a mailbox read what is encrypted with this key: PKCS #12, PEM or PGP; the password is not kept.

    Runs openssl or gpg: not inside a transaction. Records "mailbox.key_added". Raises NotAllowed, NotAKey, Invalid.
    """
    only_administrators(actor)
    if _is_pgp(data):
        pgp, info = read_pgp_key(data, password)
        private = pgp.armoured
    else:
        smime, info = read_smime_key(data, password)
        private = smime.private_key_pem
    with transaction.atomic():
        Mailbox.objects.select_for_update(of=("self",)).get(pk=mailbox.pk)
        if MailboxKey.objects.filter(mailbox=mailbox, fingerprint=info.fingerprint).exists():
            raise Invalid("key", _("this mailbox has this key already"))
        row = MailboxKey.objects.create(
            mailbox=mailbox,
            kind=info.kind,
            public=info.public,
            private_sealed=seal(private, KEY_PURPOSE),
            fingerprint=info.fingerprint,
            addresses=list(info.addresses),
            ends_at=info.not_after,
            created_at=clock.now(),
        )
        _record(row, "added", actor)
    return row


@transaction.atomic
def remove_mailbox_key(key: MailboxKey, *, actor: Actor) -> None:
    """Forget a key: what is encrypted with it stays closed from then on. Records "mailbox.key_removed"."""
    only_administrators(actor)
    _record(key, "removed", actor)
    key.delete()


def _is_pgp(data: bytes) -> bool:
    """Armoured, or a packet of OpenPGP (RFC 9580 4.2): its first bit is set, that of PKCS #12 and PEM is not."""
    return b"-----BEGIN PGP" in data or data[:1] >= b"\x80"


def _record(row: MailboxKey, what: str, actor: Actor) -> None:
    told = {"key": row.kind, "fingerprint": row.fingerprint}
    data = (
        {"before": {}, "after": told} if what == "added" else {"before": told, "after": {"key": "", "fingerprint": ""}}
    )
    record(f"mailbox.key_{what}", row.mailbox.stream, actor=actor, data=data)

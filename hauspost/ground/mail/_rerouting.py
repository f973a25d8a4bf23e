"""Letters that wait or were given up are handed to another mail server, by the address under which they leave."""

from collections.abc import Collection
from email.parser import BytesHeaderParser
from email.utils import parseaddr

from django.db import transaction
from django.db.models import Q

from hauspost.ground import clock
from hauspost.ground.accounts.models import MailAccount
from hauspost.ground.mail.models import OutgoingMail

HEAD_BYTES = 64 * 1024
_AT_ONCE = 100


def send_by(account: MailAccount | None, addresses: Collection[str]) -> int:
    """Let what has not left under these addresses leave by this server, at once; None is the house's own.

    What was given up is not tried again by itself, but by that server when somebody does. Answers how many.
    """
    left = Q(next_try_at__isnull=False) | Q(give_up_at__isnull=False)
    others = OutgoingMail.objects.filter(left).exclude(account=account)
    known = others.filter(envelope_from__in=addresses).values_list("id", flat=True)
    # Automatic answers have the null sender; who writes stands in their head alone.
    nobodys = others.filter(envelope_from="", raw__isnull=False).values_list("id", "raw")
    heads = nobodys.iterator(chunk_size=_AT_ONCE)
    found = sorted({*known, *(number for number, raw in heads if writer_of(bytes(raw or b"")).lower() in addresses)})
    moment = clock.now()
    with transaction.atomic():
        for start in range(0, len(found), _AT_ONCE):
            mails = OutgoingMail.objects.filter(pk__in=found[start : start + _AT_ONCE])
            # One that is just being sent stays with its worker; the next try is the new server's.
            mails.update(account=account)
            waiting = mails.filter(state=OutgoingMail.State.QUEUED, not_before__lte=moment)
            waiting.update(next_try_at=moment)
    return len(found)


def writer_of(raw: bytes) -> str:
    """The plain address in a letter's From; "" where there is none."""
    said = BytesHeaderParser().parsebytes(raw[:HEAD_BYTES])["From"]
    _name, address = parseaddr(str(said or ""))
    return address

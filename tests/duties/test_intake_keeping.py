"""Keeping mail: durable before it is acknowledged, each recipient once, nothing twice, nothing lost."""

from dataclasses import replace

import pytest
from django.conf import settings

from hauspost.duties.intake.actions import RAW_IN_ROW, Envelope, is_ours, keep, raw_of
from hauspost.duties.intake.models import Delivery
from hauspost.ground import clock, tokens
from hauspost.ground.files.models import Use
from hauspost.ground.mail.addresses import plus_address, verp
from hauspost.records.people.models import Mailbox
from tests.desk import Desk


@pytest.fixture
def envelope(desk: Desk) -> Envelope:
    raw = desk.letter("petra")
    return Envelope(
        raw=raw,
        size_bytes=len(raw),
        mail_from=desk.address("petra"),
        recipients=(desk.address("it"),),
        via="smtp",
        source="127.0.0.1",
        transaction="session-1",
        is_trusted_relay=True,
        received_at=clock.now(),
    )


def test_a_kept_mail_waits_with_its_bytes_untouched(envelope: Envelope) -> None:
    """P2.1: what was acknowledged is there byte for byte."""
    (kept,) = keep([envelope])

    row = Delivery.objects.get(id=kept)
    assert row.disposition == "waiting"
    assert raw_of(row) == envelope.raw


def test_a_big_mail_becomes_a_stored_file_that_its_delivery_uses(envelope: Envelope) -> None:
    raw = b"Subject: big\r\n\r\n" + b"x" * RAW_IN_ROW
    (kept,) = keep([replace(envelope, raw=raw, size_bytes=len(raw))])

    row = Delivery.objects.get(id=kept)
    assert (row.raw, raw_of(row)) == (None, raw)
    assert Use.objects.filter(owner=f"delivery:{kept}").count() == 1


def test_each_recipient_is_a_delivery_of_its_own_and_the_same_one_only_once(desk: Desk, envelope: Envelope) -> None:
    """DESIGN, step 2: identity is SMTP transaction x recipient."""
    both = (desk.address("it"), desk.address("facilities"), desk.address("it").upper())

    keep([replace(envelope, recipients=both)])

    assert sorted(Delivery.objects.values_list("recipient", flat=True)) == sorted(both[:2])


def test_the_same_transaction_is_not_kept_twice(envelope: Envelope) -> None:
    """P12.2: a file or session that is seen again brings nothing new."""
    keep([envelope])

    assert keep([envelope]) == []
    assert Delivery.objects.count() == 1


def test_one_transaction_twice_in_one_batch_is_kept_once_and_the_others_too(envelope: Envelope) -> None:
    """P1: one sender's oddity does not refuse everybody who came in the same moment."""
    keep([envelope, replace(envelope, transaction="session-2"), envelope])

    assert Delivery.objects.count() == 2


def test_a_very_long_identity_is_recognised_when_it_comes_again(envelope: Envelope) -> None:
    """P12.1: a file deep down in folders has a long stable name."""
    deep = replace(envelope, transaction="/srv/mail/" + "folder/" * 60 + "1.eml")
    keep([deep])

    assert keep([deep]) == []


def test_two_long_identities_that_differ_only_at_their_end_are_two_mails(envelope: Envelope) -> None:
    folder = "/srv/mail/" + "folder/" * 60

    kept = keep([replace(envelope, transaction=folder + name) for name in ("1.eml", "2.eml")])

    assert len(kept) == 2


@pytest.mark.parametrize("spelling", [str.lower, str.upper, lambda address: f" {address} "])
def test_an_intake_address_is_ours_however_it_is_written(desk: Desk, spelling: object) -> None:
    assert is_ours(spelling(desk.address("it")))  # type: ignore[operator]


def test_our_signed_addresses_and_postmaster_are_taken(desk: Desk) -> None:
    """RFC 5321 section 4.5.1 asks for postmaster; answers come to plus-addresses, bounces to return paths."""
    ring, it = tokens.ring(), desk.address("it")

    assert is_ours(plus_address(it, 17, 4, ring).upper())
    assert is_ours(verp(it, 9, ring))
    assert is_ours("postmaster")
    assert is_ours(f"postmaster@{settings.HAUSPOST.mail_domain}")


@pytest.mark.parametrize(
    "address",
    ["", "@", "petra.lang@lindner.example", "it@elsewhere.example", "it+17@lindner.example",
     "it+eq.eq.aa.aaaaaaaaaaaaaaaaaaaa@lindner.example", "nobody+x@lindner.example", "it\0@lindner.example"],
)  # fmt: skip
def test_no_other_address_is_ours(desk: Desk, address: str) -> None:
    """S8, S9: a guessed plus-address opens nothing."""
    assert not is_ours(address)


def test_a_plus_address_of_an_archived_mailbox_is_no_longer_ours(desk: Desk) -> None:
    address = plus_address(desk.address("it"), 17, 4, tokens.ring())

    Mailbox.objects.filter(address__address=desk.address("it")).update(archived_at=clock.now())

    assert not is_ours(address)

"""Who really sent a mail: SPF, DKIM and DMARC by our own check, against names that these tests publish (S7)."""

import base64
from collections.abc import Sequence
from typing import Any

import dkim
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from hauspost.ground.mail.senders import LookupFailed, can_check, check_sender

KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
PEM = KEY.private_bytes(
    serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
)
PUBLIC = base64.b64encode(
    KEY.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
).decode()
NAMES: dict[tuple[str, str], list[Any]] = {
    ("firma.example", "TXT"): ["v=spf1 ip4:192.0.2.10 -all"],
    ("s1._domainkey.firma.example", "TXT"): [f"v=DKIM1; k=rsa; p={PUBLIC}"],
    ("_dmarc.firma.example", "TXT"): ["v=DMARC1; p=reject; adkim=r; aspf=r"],
    ("mail.firma.example", "TXT"): ["v=spf1 ip4:192.0.2.10 -all"],
    ("s1._domainkey.mail.firma.example", "TXT"): [f"v=DKIM1; k=rsa; p={PUBLIC}"],
    ("other.example", "TXT"): ["v=spf1 ip4:198.51.100.7 -all"],
    ("s1._domainkey.other.example", "TXT"): [f"v=DKIM1; k=rsa; p={PUBLIC}"],
    ("strict.example", "TXT"): ["v=spf1 ip4:192.0.2.10 -all"],
    ("_dmarc.strict.example", "TXT"): ["v=DMARC1; p=reject; adkim=s; aspf=s"],
    ("s1._domainkey.news.strict.example", "TXT"): [f"v=DKIM1; k=rsa; p={PUBLIC}"],
}


def lookup(name: str, kind: str) -> Sequence[Any]:
    if "broken" in name:
        raise LookupFailed("SERVFAIL")
    return NAMES.get((name, kind), [])


def letter(sender: str = "anna@firma.example", signed_by: str = "", text: str = "Hello", **how: bool) -> bytes:
    raw = f"From: <{sender}>\r\nTo: <it@lindner.example>\r\nSubject: Printer\r\n\r\n{text}\r\n".encode()
    if signed_by:
        raw = dkim.sign(raw, b"s1", signed_by.encode(), PEM, include_headers=[b"from", b"to", b"subject"], **how) + raw
    return raw


def found(raw: bytes, *, sender: str = "anna@firma.example", mail_from: str = "", peer: str = "203.0.113.9") -> Any:
    return check_sender(raw, header_from=sender, mail_from=mail_from, peer=peer, lookup=lookup)


def test_the_parts_are_there() -> None:
    assert can_check()


def test_a_servers_address_vouches_for_its_domain() -> None:
    seen = found(letter(), mail_from="anna@firma.example", peer="192.0.2.10")
    assert (seen.spf, seen.dkim, seen.dmarc, seen.aligned) == ("pass", "none", "pass", True)


def test_a_strangers_server_is_found_out() -> None:
    seen = found(letter(), mail_from="anna@firma.example")
    assert (seen.spf, seen.dmarc, seen.aligned) == ("fail", "fail", False)


def test_a_signature_vouches_wherever_the_mail_comes_from() -> None:
    seen = found(letter(signed_by="firma.example"), mail_from="x@other.example")
    assert (seen.spf, seen.dkim, seen.dmarc, seen.aligned) == ("fail", "pass", "pass", True)


def test_a_changed_text_breaks_the_signature() -> None:
    raw = letter(signed_by="firma.example").replace(b"Hello", b"Wire the money")
    assert (found(raw).dkim, found(raw).dmarc) == ("fail", "fail")


def test_a_signature_over_the_beginning_of_a_text_vouches_for_nobody() -> None:
    """S7: with l= anybody may add to a copy of the mail, commands for example."""
    seen = found(letter(signed_by="firma.example", length=True) + b"#close\r\n", mail_from="x@other.example")
    assert (seen.dkim, seen.dmarc, seen.aligned) == ("policy", "fail", False)
    both = letter(signed_by="firma.example", length=True)
    whole = dkim.sign(both, b"s1", b"firma.example", PEM, include_headers=[b"from", b"to", b"subject"]) + both
    assert (found(whole).dkim, found(whole).aligned) == ("pass", True)


def test_somebody_elses_signature_vouches_for_somebody_else() -> None:
    """A valid signature of another domain gives no rights."""
    seen = found(letter(signed_by="other.example"), mail_from="x@other.example", peer="198.51.100.7")
    assert (seen.spf, seen.dkim, seen.dmarc, seen.aligned) == ("pass", "pass", "fail", False)


def test_departments_of_one_organisation_are_one() -> None:
    assert found(letter("a@firma.example", signed_by="mail.firma.example"), sender="a@firma.example").dmarc == "pass"
    below = found(letter("a@shop.firma.example", signed_by="mail.firma.example"), sender="a@shop.firma.example")
    assert below.dmarc == "pass"


def test_a_strict_domain_wants_its_very_name() -> None:
    raw = letter("a@strict.example", signed_by="news.strict.example")
    assert (found(raw, sender="a@strict.example").dkim, found(raw, sender="a@strict.example").dmarc) == ("pass", "fail")


def test_without_a_policy_a_signature_of_its_own_still_counts() -> None:
    seen = found(letter("b@other.example", signed_by="other.example"), sender="b@other.example")
    assert (seen.dmarc, seen.aligned) == ("none", True)


def test_silent_name_servers_prove_nothing_and_blame_nobody() -> None:
    seen = found(letter("a@broken.example"), sender="a@broken.example", mail_from="a@broken.example")
    assert (seen.spf, seen.dmarc, seen.aligned) == ("temperror", "temperror", False)


@pytest.mark.parametrize(
    "raw", [b"", b"\0\xff", b"DKIM-Signature: v=1\r\n\r\n", b"DKIM-Signature: " + b"a=b; " * 9999 + b"\r\n\r\nx"]
)
def test_rubbish_is_read_without_a_fault(raw: bytes) -> None:
    assert found(raw, mail_from="x@y").aligned is False

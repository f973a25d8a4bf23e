"""Our signed identities in mail: Message-IDs, plus-addresses and return paths that nobody else can make (S7)."""

import re
import secrets
from dataclasses import dataclass
from typing import Literal

from hauspost.ground.tokens import KeyRing, base32, unbase32

Kind = Literal["reply", "acknowledgement", "notice", "note"]

LOCAL_PART_LIMIT = 64  # octets, RFC 5321 4.5.3.1.1
_LETTERS: dict[Kind, str] = {"reply": "r", "acknowledgement": "a", "notice": "n", "note": "i"}
_KINDS: dict[str, Kind] = {letter: kind for kind, letter in _LETTERS.items()}
_DIGITS = "abcdefghijklmnopqrstuvwxyz234567"
_VALUES = {digit: value for value, digit in enumerate(_DIGITS)}
_MAC = r"([a-z2-7]{2,6})\.([a-z2-7]{20})"
_NUMBER = r"([0-9]{1,19})"
_MESSAGE_ID = re.compile(rf"(([rani])\.{_NUMBER}\.{_NUMBER}\.{_NUMBER}\.[a-z2-7]{{8}})\.{_MAC}@[^@\s]+")
_PLUS = re.compile(rf"(([a-z2-7]{{1,12}})\.([a-z2-7]{{1,12}}))\.{_MAC}")
_VERP = re.compile(rf"([a-z2-7]{{1,12}})\.{_MAC}")
_LONGEST = 1000


@dataclass(frozen=True)
class OurId:
    """What one of our own Message-IDs says; `person` is 0 where the mail was not for one person alone."""

    kind: Kind
    ticket: int
    entry: int
    person: int


@dataclass(frozen=True)
class PlusId:
    """What one of our plus-addresses says; `base` is the plain intake address, in lower case."""

    base: str
    ticket: int
    entry: int


def message_id_for(kind: Kind, ticket: int, entry: int, person: int, ring: KeyRing, domain: str) -> str:
    """A new signed Message-ID, without its angle brackets, by which the answer finds ticket and message again (P8.1).

    Each call gives another one, by 40 random bits. `person` is 0 unless the mail goes to one person alone (notices).
    """
    payload = f"{_LETTERS[kind]}.{ticket:d}.{entry:d}.{person:d}.{base32(secrets.token_bytes(5))}"
    local = _signed("message-id", payload, ring)
    if len(local) > LOCAL_PART_LIMIT or min(ticket, entry, person) < 0:
        raise ValueError(f"no Message-ID can hold ticket {ticket}, entry {entry}, person {person}")
    return f"{local}@{domain.lower()}"


def read_message_id(message_id: str, ring: KeyRing) -> OurId | None:
    """What our own Message-ID says; None if it is another system's, damaged or forged."""
    if not isinstance(message_id, str) or len(message_id) > _LONGEST:
        return None
    found = _MESSAGE_ID.fullmatch(message_id.strip().removeprefix("<").removesuffix(">").lower())
    if not found or not _is_signed("message-id", found[1], found[6], found[7], ring):
        return None
    return OurId(_KINDS[found[2]], int(found[3]), int(found[4]), int(found[5]))


def plus_address(base: str, ticket: int, entry: int, ring: KeyRing) -> str:
    """The address that answers go to: `it+<token>@x.example`, bound to ticket and message.

    Where base and token together pass 64 octets the base comes back alone: the Message-ID then carries the thread.
    """
    return _with_token(base, _signed("plus-address", f"{_spelled(ticket)}.{_spelled(entry)}", ring))


def read_plus_address(address: str, ring: KeyRing) -> PlusId | None:
    """What a plus-address of ours says; None for a plain, foreign or forged one."""
    split = _token_of(address)
    found = split and _PLUS.fullmatch(split[1])
    if not split or not found or not _is_signed("plus-address", found[1], found[4], found[5], ring):
        return None
    return PlusId(split[0], _number(found[2]), _number(found[3]))


def verp(base_domain_or_address: str, outbox_id: int, ring: KeyRing) -> str:
    """The return path of one outgoing mail, so that its bounce names it: `it+<token>@…`, or `bounces+<token>@domain`.

    Where base and token together pass 64 octets the base comes back alone.
    """
    base = base_domain_or_address
    return _with_token(base if "@" in base else f"bounces@{base}", _signed("verp", _spelled(outbox_id), ring))


def read_verp(address: str, ring: KeyRing) -> int | None:
    """The outgoing mail whose return path this is; None for any other address."""
    split = _token_of(address)
    found = split and _VERP.fullmatch(split[1])
    if not found or not _is_signed("verp", found[1], found[2], found[3], ring):
        return None
    return _number(found[1])


def _signed(purpose: str, payload: str, ring: KeyRing) -> str:
    key_id, mac = ring.mac(purpose, payload.encode("ascii"))
    return f"{payload}.{key_id}.{base32(mac)}"


def _is_signed(purpose: str, payload: str, key_id: str, mac: str, ring: KeyRing) -> bool:
    signature = unbase32(mac)
    return signature is not None and ring.verify(purpose, payload.encode("ascii"), key_id, signature)


def _with_token(base: str, token: str) -> str:
    local, _, domain = base.rpartition("@")
    if not local or not domain:
        raise ValueError(f"{base!r} is not a mail address")
    signed = f"{local}+{token}".lower()
    return f"{signed}@{domain.lower()}" if len(signed.encode()) <= LOCAL_PART_LIMIT else base


def _token_of(address: str) -> tuple[str, str] | None:
    """The plain address and the text behind its last plus; None where there is none."""
    if not isinstance(address, str) or len(address) > _LONGEST:
        return None
    local, _, domain = address.strip().removeprefix("<").removesuffix(">").lower().rpartition("@")
    base, plus, token = local.rpartition("+")
    return (f"{base}@{domain}", token) if plus and base and domain else None


def _spelled(number: int) -> str:
    """A number in the letters of base32, the highest digit first: a third shorter than in decimals."""
    if not 0 <= number < 1 << 60:
        raise ValueError(f"{number} cannot stand in an address")
    spelled = ""
    while number or not spelled:
        number, digit = divmod(number, 32)
        spelled = _DIGITS[digit] + spelled
    return spelled


def _number(spelled: str) -> int:
    number = 0
    for digit in spelled:
        number = number * 32 + _VALUES[digit]
    return number

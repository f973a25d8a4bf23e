"""PGP by `gpg`: who signed, and what was encrypted for one of our keys; each time in a keyring of its own."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from ._charsets import decode, storable
from ._limited import Done, NotInstalled, OverLimit, run, workplace
from ._signature import Signature, best_address

MOST_OUTPUT = 100_000_000
# No network, no questions, no memory of earlier letters: keys that were given are trusted, and no others are known.
GPG = (
    *("gpg", "--homedir", ".", "--no-options", "--batch", "--no-tty", "--quiet", "--status-fd", "1"),
    *("--no-auto-key-retrieve", "--no-auto-key-locate", "--disable-dirmngr", "--no-auto-check-trustdb"),
    *("--trust-model", "always", "--pinentry-mode", "loopback", "--passphrase", ""),
)


@dataclass(frozen=True, slots=True)
class PgpKey:
    """A private key with its public part, armoured, without a password."""

    armoured: str


@dataclass(frozen=True, slots=True)
class PgpOpened:
    """What gpg made of something: the words, a signature under them, and a code for what went wrong."""

    content: bytes | None = None
    signature: Signature | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class _Status:
    """A line of --status-fd: its keyword and what follows."""

    name: str
    rest: tuple[str, ...]


def verify(signature: bytes, content: bytes, public_keys: Sequence[str], *, sender: str) -> Signature:
    """Check a detached signature against the public keys that are known."""
    try:
        with _keyring(public_keys) as folder:
            (folder / "signature").write_bytes(signature)
            (folder / "content").write_bytes(content)
            done = run([*GPG, "--verify", "signature", "content"], folder)
            return _signature(folder, done, sender) or Signature("pgp", "cannot_check", reason="damaged")
    except NotInstalled:
        return Signature("pgp", "cannot_check", reason="no_gpg")
    except OverLimit:
        return Signature("pgp", "cannot_check", reason="over_limit")


def open_pgp(data: bytes, keys: Sequence[PgpKey], public_keys: Sequence[str], *, sender: str) -> PgpOpened:
    """Decrypt a message, or take a clear-signed text out of its armour; a signature under it is checked as well."""
    try:
        with _keyring([*public_keys, *(key.armoured for key in keys)]) as folder:
            (folder / "message").write_bytes(data)
            arguments = [*GPG, "--max-output", str(MOST_OUTPUT), "--output", "content", "--decrypt", "message"]
            done = run(arguments, folder)
            signature = _signature(folder, done, sender)
            reason = _fault(done, signature)
            content = folder / "content"
            if not reason and content.is_file():
                return PgpOpened(content.read_bytes(), signature)
            return PgpOpened(None, signature, reason or "damaged")
    except NotInstalled:
        return PgpOpened(reason="no_gpg")
    except OverLimit:
        return PgpOpened(reason="over_limit")


def _fault(done: Done, signature: Signature | None) -> str:
    """Why what came out is not the whole message, as a code; "" if it is."""
    told = {line.name for line in _statuses(done)}
    if "exceeded --max-output" in done.told:
        return "over_limit"
    if "NO_SECKEY" in told or "No secret key" in done.told:
        return "no_key"
    # Without its mark a message was changed, or stripped of its protection: its words may be an attacker's (EFAIL).
    is_whole = "DECRYPTION_OKAY" in told or ("PLAINTEXT" in told and "BEGIN_DECRYPTION" not in told)
    # gpg fails for a signature that does not hold, too; that one is told apart.
    is_failing = not done.is_good and (signature is None or signature.state == "valid")
    return "" if is_whole and "DECRYPTION_FAILED" not in told and not is_failing else "damaged"


@contextmanager
def _keyring(armoured: Sequence[str]) -> Iterator[Path]:
    """A keyring with these keys alone, in a folder that goes with it; gpg's agent ends, too."""
    with workplace() as folder:
        try:
            for key in armoured:
                run([*GPG, "--import"], folder, stdin=key.encode("utf-8", "replace"))
            yield folder
        finally:
            end_agent(folder)


def end_agent(folder: Path) -> None:
    """End the agent that gpg started for this folder, if it did."""
    if any(folder.glob("S.gpg-agent*")):
        try:
            run(["gpgconf", "--homedir", ".", "--kill", "gpg-agent"], folder)
        except (NotInstalled, OverLimit):
            pass  # it ends by itself when its folder is gone


def _statuses(done: Done) -> list[_Status]:
    lines = decode(done.out[:500_000], "utf-8").splitlines()
    words = [line.split(" ") for line in lines if line.startswith("[GNUPG:] ")]
    return [_Status(one[1], tuple(one[2:])) for one in words if len(one) > 1]


_STATES = {
    "GOODSIG": ("valid", ""),
    "EXPSIG": ("untrusted", "signature_expired"),
    "EXPKEYSIG": ("untrusted", "expired"),
    "REVKEYSIG": ("untrusted", "revoked"),
    "BADSIG": ("broken", "changed"),
    "ERRSIG": ("cannot_check", "damaged"),
}


def _signature(folder: Path, done: Done, sender: str) -> Signature | None:
    """What gpg said about the first signature; None if there is none."""
    statuses = _statuses(done)
    found = next((line for line in statuses if line.name in _STATES), None)
    if found is None:
        return None
    state, reason = _STATES[found.name]
    if found.name == "ERRSIG":
        missing = next((line for line in statuses if line.name == "NO_PUBKEY"), None)
        if missing:
            return Signature("pgp", "unknown_key", reason="unknown_key", fingerprint=" ".join(missing.rest[:1]))
        return Signature("pgp", state, reason=reason)
    valid = next((line.rest for line in statuses if line.name == "VALIDSIG"), ())
    # The tenth field is the fingerprint of the whole key, the first perhaps of one made for signing only.
    fingerprint = valid[9] if len(valid) > 9 else valid[0] if valid else found.rest[0] if found.rest else ""
    signer = key_in(folder, fingerprint, sender) or Signature("pgp", state)
    return replace(signer, state=state, reason=reason, fingerprint=fingerprint)


def key_in(folder: Path, fingerprint: str, sender: str) -> Signature | None:
    """Whose key it is, as a signature that is not judged yet."""
    if not fingerprint.isalnum():
        return None
    listed = decode(run([*GPG, "--with-colons", "--list-keys", fingerprint], folder).out, "utf-8")
    people: list[tuple[str, str]] = []
    dates: tuple[str, str] = ("", "")
    for row in (line.split(":") for line in listed.splitlines()):
        if row[0] == "pub" and len(row) > 6:
            dates = (row[5], row[6])
        elif row[0] == "uid" and len(row) > 9 and row[1] not in ("r", "e"):
            people.append(person(row[9]))
    address, matches = best_address(tuple(address for _, address in people if address), sender)
    name = next((name for name, known in people if known == address), people[0][0] if people else "")
    return Signature(
        "pgp",
        "cannot_check",
        signer_name=storable(name),
        signer_address=storable(address),
        matches_sender=matches,
        not_before=moment(dates[0]),
        not_after=moment(dates[1]),
        fingerprint=fingerprint,
    )


def person(uid: str) -> tuple[str, str]:
    """Name and address of "Ada Brand (work) <ada@example.org>"; gpg escapes its colons."""
    uid = uid.replace("\\x3a", ":").replace("\\x5c", "\\")
    name, found, address = uid.rpartition("<")
    if found:
        return name.partition(" (")[0].strip()[:200], address.rstrip("> ")[:320]
    return ("", uid[:320]) if "@" in uid else (uid[:200], "")


def moment(seconds: str) -> datetime | None:
    try:
        return datetime.fromtimestamp(int(seconds), UTC) if seconds.isdecimal() else None
    except (ValueError, OverflowError, OSError):
        return None

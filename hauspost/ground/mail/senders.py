"""Who really sent a mail: SPF (RFC 7208), DKIM (RFC 6376) and DMARC (RFC 9989), from the bytes and from DNS. Pure but
for the look-ups.

Needs the extra `hauspost[senders]`: dkimpy, pyspf, dmarc, dnspython. A desk behind its own mail server reads that
server's Authentication-Results instead (RFC 8601).
"""

import importlib.util
import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

LOOKUP_SECONDS = 5.0
SPF_SECONDS = 10
MOST_SIGNATURES = 5
# RFC 9989 section 4.10: a walk up the tree asks at most so many names.
MOST_NAMES = 8
_PARTS = ("dkim", "spf", "dmarc", "dns")

log = logging.getLogger("hauspost.mail")

# Answers to one question: texts of TXT records, addresses of A and AAAA, (preference, name) of MX, names of PTR; an
# empty list where there is nothing. Raises LookupFailed where nobody could be asked.
Lookup = Callable[[str, str], Sequence[Any]]


class LookupFailed(Exception):
    """DNS did not answer; another time it may."""


@dataclass(frozen=True, slots=True)
class Findings:
    """What was found of each, in RFC 8601's words ("pass", "fail", "none", "temperror" …), and the proven domain.

    `aligned`: a signature or the envelope vouches for the very domain that From names.
    """

    spf: str = "none"
    dkim: str = "none"
    dmarc: str = "none"
    domain: str = ""
    aligned: bool = False


def can_check() -> bool:
    """Is the extra installed?"""
    return all(importlib.util.find_spec(part) for part in _PARTS)


def check_sender(raw: bytes, *, header_from: str, mail_from: str, peer: str, lookup: Lookup | None = None) -> Findings:
    """Check a mail that came by SMTP from `peer` (an IP address), unchanged, with its envelope sender.

    `header_from` is the address in From. Never raises: what cannot be found out is "temperror" or "permerror".
    """
    ask = lookup or _dns
    domain = header_from.rpartition("@")[2].lower().rstrip(".")
    spf_result, spf_domain = _spf(peer, mail_from, ask)
    signatures = _dkim(raw, ask)
    good = [one for result, one in signatures if result == "pass"]
    dkim_result = "pass" if good else signatures[0][0] if signatures else "none"
    dmarc_result, aligned = _dmarc(domain, spf_result, spf_domain, good, ask) if domain else ("none", False)
    return Findings(spf_result, dkim_result, dmarc_result, domain, aligned)


def _spf(peer: str, mail_from: str, ask: Lookup) -> tuple[str, str]:
    """SPF's result for the envelope sender, and its domain; the null sender has none."""
    import spf

    if not mail_from or not peer:
        return "none", ""
    spf.DNSLookup = _for_spf
    _asking.ask = ask
    try:
        result, _explanation = spf.check2(i=peer, s=mail_from, h="", timeout=LOOKUP_SECONDS, querytime=SPF_SECONDS)
    except Exception:  # A library from outside on bytes from outside: one odd record stops no mail.
        log.warning("SPF could not be evaluated", exc_info=True)
        return "permerror", ""
    return str(result), mail_from.rpartition("@")[2].lower()


class _Asking(threading.local):
    """pyspf asks by a global function: whom it asks now, in this thread."""

    ask: Lookup


_asking = _Asking()


def _for_spf(name: str, kind: str, *_strict: Any) -> list[tuple[tuple[str, str], Any]]:
    import spf

    try:
        found = _asking.ask(name, kind)
    except LookupFailed as fault:
        raise spf.TempError(f"DNS {fault}") from fault
    return [((name, kind), (value.encode(),) if kind in ("TXT", "SPF") else value) for value in found]


def _dkim(raw: bytes, ask: Lookup) -> list[tuple[str, str]]:
    """Each signature's result and domain, the topmost first; only those over From count (RFC 6376 section 5.4).

    A good one that covers only the beginning of the body (`l=`) is "policy" and vouches for nobody: below it anybody
    may write what they like (RFC 6376 section 8.2).
    """
    import dkim

    def text(name: bytes, timeout: float = LOOKUP_SECONDS) -> bytes | None:
        return next((value.encode() for value in ask(name.decode("ascii").rstrip("."), "TXT")), None)

    try:
        mail = dkim.DKIM(raw, logger=_quiet, timeout=LOOKUP_SECONDS)
        count = sum(name.lower() == b"dkim-signature" for name, _value in mail.headers)
    except Exception:
        return []
    found: list[tuple[str, str]] = []
    for index in range(min(count, MOST_SIGNATURES)):
        mail.domain = None
        try:
            is_good = mail.verify(idx=index, dnsfunc=text)
            result = "fail" if not is_good else "policy" if b"l" in mail.signature_fields else "pass"
        except LookupFailed:
            result = "temperror"
        except dkim.ValidationError:
            result = "fail"
        except Exception:
            result = "permerror"
        domain = (mail.domain or b"").decode("ascii", "replace").lower()
        found.append((result, domain))
    return found


def _dmarc(domain: str, spf_result: str, spf_domain: str, signed: Sequence[str], ask: Lookup) -> tuple[str, bool]:
    """DMARC's result, and whether anything vouches for From's own domain, also where no policy is published."""
    import dmarc

    tree = _Tree(ask)
    try:
        record, owner = tree.policy(domain)
        passed = dmarc.SPFResult.PASS if spf_result == "pass" else dmarc.SPFResult.FAIL
        results = dmarc.AuthResults(
            spf=dmarc.SPFAuthResult(spf_domain, passed) if spf_domain else None,
            dkim=[dmarc.DKIMAuthResult(one, dmarc.DKIMResult.PASS) for one in signed if one] or None,
        )
        judge = dmarc.DMARC(publicsuffix=tree)
        policy = judge.parse_record(
            record or "v=DMARC1; p=none", domain, owner if owner != domain else None, strict=False
        )
        is_good = judge.get_result(policy, auth_results=results).result is dmarc.DMARCResult.PASS
    except LookupFailed:
        return "temperror", False
    except Exception:
        log.info("the DMARC record of a sender's domain could not be read", exc_info=True)
        return "permerror", False
    if not record:
        return "none", is_good
    return ("pass" if is_good else "fail"), is_good


class _Tree:
    """The walk up the tree of names: whose policy holds, and which domain is the organisation's (RFC 9989 4.10)."""

    def __init__(self, ask: Lookup) -> None:
        self._ask = ask
        self._records: dict[str, str] = {}

    def policy(self, domain: str) -> tuple[str, str]:
        """The record that holds for a domain and the name it stands at: its own, else the organisation's."""
        own = self._record(domain)
        if own:
            return own, domain
        organisation = self.get_public_suffix(domain)
        return self._record(organisation), organisation

    def get_public_suffix(self, domain: str) -> str:
        """The organisational domain, as the library `dmarc` asks for it."""
        names = _upwards(domain)
        known = [(name, record) for name in names if (record := self._record(name))]
        for name, record in known:
            tags = record.replace(" ", "").lower()
            if "psd=n" in tags:
                return name
            if "psd=y" in tags and name != domain:
                return names[names.index(name) - 1]
        return known[-1][0] if known else domain

    def _record(self, name: str) -> str:
        if name not in self._records:
            texts = [text for text in self._ask(f"_dmarc.{name}", "TXT") if text.lower().startswith("v=dmarc1")]
            # Several records are none (RFC 9989 section 4.7).
            self._records[name] = texts[0] if len(texts) == 1 else ""
        return self._records[name]


def _upwards(domain: str) -> list[str]:
    """A domain and those above it; of a very deep one the nearest to the root, as the walk skips the others."""
    labels = domain.split(".")
    names = [".".join(labels[index:]) for index in range(len(labels))]
    return names if len(names) <= MOST_NAMES else [names[0], *names[-(MOST_NAMES - 1) :]]


def _dns(name: str, kind: str) -> Sequence[Any]:
    """Ask the machine's own DNS servers."""
    import dns.exception
    import dns.resolver

    try:
        answers = _resolver().resolve(name, kind, lifetime=LOOKUP_SECONDS)
    except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
        return []
    except (dns.exception.DNSException, ValueError, UnicodeError) as fault:
        raise LookupFailed(type(fault).__name__) from fault
    if kind in ("TXT", "SPF"):
        return [b"".join(one.strings).decode("utf-8", "replace") for one in answers]
    if kind == "MX":
        return [(one.preference, one.exchange.to_text(omit_final_dot=True)) for one in answers]
    if kind == "PTR":
        return [one.target.to_text(omit_final_dot=True) for one in answers]
    return [one.address for one in answers]


_resolvers = threading.local()


def _resolver() -> Any:
    """One resolver a thread; it remembers answers for as long as they hold."""
    import dns.resolver

    if not hasattr(_resolvers, "one"):
        _resolvers.one = dns.resolver.Resolver()
        _resolvers.one.cache = dns.resolver.LRUCache(5000)
    return _resolvers.one


# dkimpy logs what strangers send; the result says enough.
_quiet = logging.getLogger("hauspost.mail.dkim")
_quiet.addHandler(logging.NullHandler())
_quiet.propagate = False

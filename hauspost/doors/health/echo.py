"""What arrives here of a request that goes through the proxy: so `hauspost doctor` finds a wrong header (P17.5)."""

from django.conf import settings
from django.http import HttpRequest

from hauspost.ground import clock
from hauspost.ground.config import is_within
from hauspost.ground.tokens import base32, ring, unbase32

_PURPOSE = "echo"
_LIVES_SECONDS = 60


def new_question() -> str:
    """A token that the doctor, who can read the key ring, asks with; good for a minute."""
    until = str(int(clock.now().timestamp()) + _LIVES_SECONDS)
    key_id, mac = ring().mac(_PURPOSE, until.encode())
    return f"{until}.{key_id}.{base32(mac)}"


def is_asked_by_doctor(question: str) -> bool:
    """Whether the token is ours and fresh; whatever else comes, the answer is no."""
    until, _, rest = question.partition(".")
    key_id, _, written = rest.partition(".")
    if not until.isascii() or not until.isdigit() or len(until) > 12 or int(until) < clock.now().timestamp():
        return False
    mac = unbase32(written)
    return mac is not None and ring().verify(_PURPOSE, until.encode(), key_id, mac)


def what_came(request: HttpRequest) -> dict[str, object]:
    """Scheme, host and addresses as they came, and what we made of them."""
    meta = request.META
    peer = str(meta.get("hauspost.peer", ""))
    return {
        "hauspost": "echo",
        "scheme": request.scheme,
        "host": str(meta.get("hauspost.host", "")),
        "peer": peer,
        "peer_is_trusted": is_within(peer, settings.HAUSPOST.trusted_proxies),
        "client": str(meta.get("REMOTE_ADDR", "")),
        "sent_proto": str(meta.get("hauspost.sent_proto", "")),
        "sent_for": bool(meta.get("hauspost.sent_for")),
    }

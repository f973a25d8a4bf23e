"""What is active in HTML, found without a browser."""

import re
from html.parser import HTMLParser

_ELEMENTS = frozenset(
    ["script", "style", "link", "iframe", "object", "embed", "form", "input", "base", "svg", "math", "video", "audio", "template"]
)  # fmt: skip
_ATTRIBUTES = frozenset(["srcset", "background", "poster", "formaction", "ping", "id", "name", "srcdoc"])


def harm_in(markup: str) -> list[str]:
    """Everything active that a mail program could find in HTML."""
    reader = _Reader()
    reader.feed(markup)
    return reader.found


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _ELEMENTS:
            self.found.append(tag)
        if tag == "meta" and (dict(attrs).get("http-equiv") or "").lower() not in ("", "content-type"):
            self.found.append("meta")
        for name, value in attrs:
            value = re.sub(r"[\x00-\x20]", "", value or "").lower()
            if name.startswith("on") or name in _ATTRIBUTES:
                self.found.append(f"{tag} {name}")
            if name in ("src", "href") and value.startswith(("javascript", "vbscript", "data:text", "data:image/svg")):
                self.found.append(f"{tag} {name} {value[:40]}")
            if name == "src" and not value.startswith(("cid:", "data:image/")):
                self.found.append(f"{tag} src {value[:40]}")
            if name == "style" and re.search(r"url\(|expression|position|behavior|binding|@import|\\", value):
                self.found.append(f"{tag} style {value[:60]}")

"""What a folded part of a letter is called: a signature, quoted text, or either of them."""

from functools import lru_cache

from django.utils.translation import gettext as _

from hauspost.ground.text.quotes import fold_html

# Longer ones are no signature; read again are only the short ones (0.2 ms each, and kept).
_LONGEST = 3000


def folded(html: str) -> str:
    """The heading of a folded part."""
    match _kind(str(html)):
        case "signature":
            return _("Signature")
        case "quote":
            return _("Quoted text")
    return _("Quotation or signature")


@lru_cache(maxsize=2048)
def _kind(html: str) -> str:
    """ "signature", "quote", or "" where the entry does not tell: by what its mail program marked is not kept."""
    if len(html) > _LONGEST or "<blockquote" in html:
        return "quote"
    # Below somebody's words, as it stood in its mail.
    kinds = {piece.kind for piece in fold_html(f"<p>x</p>{html}").pieces[1:]}
    if kinds == {"signature"}:
        return "signature"
    return "quote" if "quote" in kinds else ""

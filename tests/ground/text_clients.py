"""How mail programs lay out an answer and what it answers, as text and as HTML, from their own templates."""

from collections.abc import Callable
from html import escape
from typing import NamedTuple

from .text_tongues import ADDRESS, NAME, Tongue


class Letter(NamedTuple):
    """One answer: what is above the quote, what the program puts in between, what it quotes."""

    said: str
    old: str
    tongue: Tongue


def _header(tongue: Tongue, form: str = "{}: {}\n", *, date: str = "") -> str:
    words = tongue.header.split("|")
    if date:
        words[1] = date
    values = (f"{NAME} <{ADDRESS}>", tongue.sent, "IT <it@example.org>", "Drucker 3")
    return "".join(form.format(word, value) for word, value in zip(words, values, strict=True)).rstrip("\n")


def marked(text: str) -> str:
    """The text as most programs mark what they quote."""
    return "\n".join("> " + line if line else ">" for line in text.split("\n"))


def _html(text: str) -> str:
    return escape(text).replace("\n", "<br>")


def _html_header(tongue: Tongue, *, date: str = "") -> str:
    return (
        _header(tongue, "<b>{}:</b> {}\n", date=date)
        .replace("<ada@", "&lt;ada@")
        .replace("org>", "org&gt;")
        .replace("<it@", "&lt;it@")
        .replace("\n", "<br>")
    )


def _gmail(letter: Letter) -> tuple[str, str]:
    said, old, tongue = letter
    return (
        f"{said}\n\n{tongue.gmail}\n\n{marked(old)}\n",
        f'<div dir="ltr">{_html(said)}</div><br><div class="gmail_quote gmail_quote_container"><div dir="ltr" '
        f'class="gmail_attr">{_html(tongue.gmail)}<br></div><blockquote class="gmail_quote" style="margin:0px 0px 0px '
        f'0.8ex;border-left:1px solid rgb(204,204,204);padding-left:1ex">{_html(old)}</blockquote></div>',
    )


def _apple(letter: Letter) -> tuple[str, str]:
    said, old, tongue = letter
    return (
        f"{said}\n\n\n> {tongue.apple}\n> \n{marked(old)}\n\n",
        f'<html><head></head><body style="overflow-wrap:break-word"><div>{_html(said)}</div><div><br><blockquote '
        f'type="cite"><div>{_html(tongue.apple)}</div><br class="Apple-interchange-newline"><div>{_html(old)}</div>'
        "</blockquote></div><br></body></html>",
    )


def _apple_unmarked(letter: Letter) -> tuple[str, str]:
    said, old, tongue = letter
    return (
        f"{said}\n\n{tongue.apple}\n\n{old}\n",
        f"<div>{_html(said)}</div><div><br></div><div>{_html(tongue.apple)}</div><div><br></div><div>{_html(old)}</div>",
    )


def _iphone(letter: Letter) -> tuple[str, str]:
    said, old, tongue = letter
    return (
        f"{said}\n\n{tongue.iphone}\n\n> {tongue.apple}\n> \n> \ufeff{marked(old)[2:]}\n",
        f'<html><body dir="auto"><div dir="ltr">{_html(said)}</div><div dir="ltr"><br><div dir="ltr">{tongue.iphone}'
        f'</div></div><div dir="ltr"><br><blockquote type="cite">{_html(tongue.apple)}<br><br></blockquote></div>'
        f'<blockquote type="cite"><div dir="ltr">\ufeff{_html(old)}</div></blockquote></body></html>',
    )


def _thunderbird(letter: Letter) -> tuple[str, str]:
    said, old, tongue = letter
    return (
        f"{said}\n\n{tongue.thunderbird}\n{marked(old)}\n",
        f'<html><body><p>{_html(said)}</p><div class="moz-cite-prefix">{_html(tongue.thunderbird)}<br></div>'
        f'<blockquote type="cite" cite="mid:1@x">{_html(old)}</blockquote><br></body></html>',
    )


def _outlook(letter: Letter) -> tuple[str, str]:
    said, old, tongue = letter
    lines = "".join(f"<p class=MsoNormal>{_html(line) or '<o:p>&nbsp;</o:p>'}</p>" for line in old.split("\n"))
    return (
        f"{said}\n\n{_header(tongue)}\n\n{old}\n",
        f"<div class=WordSection1><p class=MsoNormal>{_html(said)}<o:p></o:p></p><p class=MsoNormal><o:p>&nbsp;</o:p>"
        "</p><div><div style='border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0cm 0cm 0cm'>"
        f"<p class=MsoNormal>{_html_header(tongue)}<o:p></o:p></p></div></div>{lines}</div>",
    )


def _old_outlook(letter: Letter) -> tuple[str, str]:
    said, old, tongue = letter
    rule = f"-----{tongue.original}-----"
    return (
        f"{said}\n\n{rule}\n{_header(tongue)}\n\n{old}\n",
        f"<p><font size=2>{_html(said)}</font></p><p><font size=2>{rule}</font><br><font size=2>"
        f"{_html_header(tongue).replace('<b>', '').replace('</b>', '')}</font></p><p><font size=2>{_html(old)}</font>"
        "</p>",
    )


def _outlook_web(letter: Letter) -> tuple[str, str]:
    said, old, tongue = letter
    return (
        f"{said}\n________________________________\n{_header(tongue)}\n\n{old}\n",
        f'<div class="elementToProof">{_html(said)}</div><div id="appendonsend"></div><hr style="display:inline-block;'
        f'width:98%" tabindex="-1"><div id="divRplyFwdMsg" dir="ltr"><font face="Calibri">{_html_header(tongue)}</font>'
        f"<div>&nbsp;</div></div><div>{_html(old)}</div>",
    )


def _outlook_mobile(letter: Letter) -> tuple[str, str]:
    said, old, tongue = letter
    return (
        f"{said}\n\n{tongue.outlook}<https://aka.ms/o0ukef>\n________________________________\n{_header(tongue)}\n\n"
        f"{old}\n",
        f'<div dir="auto">{_html(said)}</div><div><br></div><div id="ms-outlook-mobile-signature"><a href="https://'
        f'aka.ms/o0ukef">{tongue.outlook}</a></div><div id="mail-editor-reference-message-container"><hr style="'
        f'display:inline-block;width:98%" tabindex="-1"><div>{_html_header(tongue)}<br></div><div>{_html(old)}</div>'
        "</div>",
    )


def _samsung(letter: Letter) -> tuple[str, str]:
    said, old, tongue = letter
    header = _header(tongue, date=tongue.date)
    rule = f"-------- {tongue.original} --------"
    return (
        f"{said}\n\n\n\n{tongue.galaxy}\n\n\n{rule}\n{header}\n\n{old}\n",
        f'<div dir="auto">{_html(said)}</div><div><br></div><div id="composer_signature" dir="auto"><div>'
        f'{tongue.galaxy}</div></div><div><br></div><div align="left" dir="auto"><div>{rule}</div>'
        + "".join(f"<div>{_html(line)}</div>" for line in header.split("\n"))
        + f"<div><br></div></div>{_html(old)}",
    )


def _notes(letter: Letter) -> tuple[str, str]:
    said, old, tongue = letter
    words = tongue.header.split("|")
    lines = [
        (words[0], f"{NAME}/ACME"),
        (words[2], "IT/ACME@ACME"),
        (tongue.date, "04.03.2024 10:12"),
        (words[3], "Drucker"),
    ]
    text = "\n".join(f"{word}:\t{value}" for word, value in lines)
    html = "<br>".join(
        f"<font size=1 color=#5f5f5f>{word}: &nbsp; &nbsp; &nbsp;</font><font size=1>{value}</font>"
        for word, value in lines
    )
    return (
        f"{said}\n\n\n\n{text}\n\n\n\n{old}\n",
        f'<font size=2 face="sans-serif">{_html(said)}</font><br><br><br>{html}<br><hr noshade><br><br><br><tt>'
        f"<font size=2>{_html(old)}</font></tt>",
    )


def _gmx(letter: Letter) -> tuple[str, str]:
    said, old, tongue = letter
    words = tongue.header.split("|")
    values = (tongue.sent, f'"{NAME}" <{ADDRESS}>', "it@example.org", "Drucker 3")
    lines = list(zip((words[1], words[0], *words[2:]), values, strict=True))
    return (
        f"{said}\n \n \n\n" + "\n".join(f"{word}: {value}" for word, value in lines) + f"\n\n{old}\n",
        f'<div style="font-family:Verdana"><div>{_html(said)}</div><div>&nbsp;<div>&nbsp;<div name="quote" style="'
        'margin:10px 5px 5px 10px;padding:10px 0 10px 10px;border-left:2px solid #C3D9E5"><div>'
        + "<br/>".join(f"<b>{word}:</b>&nbsp;{_html(value)}" for word, value in lines)
        + f'</div><div name="quoted-content">{_html(old)}</div></div></div></div></div>',
    )


def _yahoo(letter: Letter) -> tuple[str, str]:
    said, old, tongue = letter
    return (
        f" {said}\n    {tongue.yahoo}  \n \n {old}  ",
        f'<html><body><div class="yahoo-style-wrap"><div dir="ltr">{_html(said)}</div><div><br></div></div><div '
        f'id="yahoo_quoted_0123456789" class="yahoo_quoted"><div><div>{_html(tongue.yahoo)}</div><div><br></div>'
        f"<div>{_html(old)}</div></div></div></body></html>",
    )


CLIENTS: dict[str, Callable[[Letter], tuple[str, str]]] = {
    "Gmail": _gmail,
    "Apple Mail": _apple,
    "Apple Mail, unmarked": _apple_unmarked,
    "iPhone": _iphone,
    "Thunderbird": _thunderbird,
    "Outlook": _outlook,
    "Outlook, old": _old_outlook,
    "Outlook on the web": _outlook_web,
    "Outlook mobile": _outlook_mobile,
    "Samsung": _samsung,
    "Notes": _notes,
    "GMX": _gmx,
    "Yahoo": _yahoo,
}


# Those that mark every quoted line or put all of the quote into one element.
MARKING = ("Gmail", "Apple Mail", "iPhone", "Thunderbird")


def _gmail_forward(letter: Letter) -> tuple[str, str]:
    said, old, tongue = letter
    rule = "---------- Forwarded message ---------"
    header = _header(tongue, date=tongue.date)
    return (
        f"{said}\n\n{rule}\n{header}\n\n\n{old}\n",
        f'<div dir="ltr">{_html(said)}<br><br><div class="gmail_quote"><div dir="ltr" class="gmail_attr">{rule}<br>'
        f"{_html(header)}<br></div><br><br>{_html(old)}</div></div>",
    )


def _apple_forward(letter: Letter) -> tuple[str, str]:
    said, old, tongue = letter
    header = _header(tongue, date=tongue.date)
    return (
        f"{said}\n\n> {tongue.passed_on}\n> \n{marked(header)}\n> \n{marked(old)}\n",
        f'<div>{_html(said)}</div><div><br><blockquote type="cite"><div>{tongue.passed_on}</div><br class="Apple-'
        f'interchange-newline"><div>{_html(header)}</div><br><div>{_html(old)}</div></blockquote></div><br>',
    )


def _iphone_forward(letter: Letter) -> tuple[str, str]:
    said, old, tongue = letter
    header = _header(tongue, date=tongue.date)
    return (
        f"{said}\n\n{tongue.iphone}\n\n{tongue.passed_on}\n\n{marked(header)}\n> \n{marked(old)}\n",
        f'<div dir="ltr">{_html(said)}</div><br><div>{tongue.passed_on}<br><br></div><blockquote type="cite"><div>'
        f'{_html(header)}<br><br></div></blockquote><blockquote type="cite"><div>{_html(old)}</div></blockquote>',
    )


def _thunderbird_forward(letter: Letter) -> tuple[str, str]:
    said, old, tongue = letter
    rule = "-------- Weitergeleitete Nachricht --------"
    header = _header(tongue, date=tongue.date)
    return (
        f"{said}\n\n{rule}\n{header}\n\n{old}\n",
        f'<p>{_html(said)}</p><div class="moz-forward-container"><br>{rule}<table class="moz-email-headers-table"><tr>'
        f"<td>{_html(header)}</td></tr></table><br>{_html(old)}</div>",
    )


FORWARDS: dict[str, Callable[[Letter], tuple[str, str]]] = {
    "Gmail": _gmail_forward,
    "Apple Mail": _apple_forward,
    "iPhone": _iphone_forward,
    "Thunderbird": _thunderbird_forward,
}

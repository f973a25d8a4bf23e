"""Mail's HTML may be shown in our pages: nothing runs, nothing is loaded, nothing takes a name of ours (S1, S3)."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hauspost.ground.text import safe_html as room
from hauspost.ground.text.safe_html import plain_id, point_pictures, safe_html

HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg onload=alert(1)>",
    "<math><mi xlink:href=javascript:1>",
    "<iframe src=//evil.example>",
    "<object data=//evil.example>",
    "<embed src=//evil.example>",
    "<form action=//evil.example><input>",
    "<base href=//evil.example>",
    "<meta http-equiv=refresh content='0;url=//evil.example'>",
    "<link rel=stylesheet href=//evil.example>",
    "<style>@import url(//evil.example);p{background:url(//evil.example)}</style><p>x</p>",
    "<p style='background:url(//evil.example)'>x</p>",
    "<p style='background-image:url(//evil.example)'>x</p>",
    "<p style='list-style:url(//evil.example)'>x</p>",
    "<p style='width:expression(alert(1))'>x</p>",
    "<p style='color:red;\\62 ackground:u\\72l(//evil.example)'>x</p>",
    "<p style='--x:url(//evil.example)'>x</p>",
    "<p style='position:fixed;top:0;z-index:9'>x</p>",
    "<p style='margin-top:-900px'>x</p>",
    "<table background=//evil.example><tr><td>x</table>",
    "<img src=//evil.example/a.png>",
    "<img srcset='//evil.example/a.png 2x'>",
    "<picture><source srcset=//evil.example><img></picture>",
    "<video src=//evil.example poster=//evil.example></video>",
    "<audio src=//evil.example>",
    "<a href=javascript:alert(1)>x</a>",
    "<a href='java\tscript:alert(1)'>x</a>",
    "<a href='&#106;avascript:alert(1)'>x</a>",
    "<a href=data:text/html,x>x</a>",
    "<a href=vbscript:x>x</a>",
    "<a href=https://ok.example ping=//evil.example target=_self>x</a>",
    "<a href=/logout>x</a>",
    "<p id=content class=btn name=login>x</p>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
    "<svg></p><style><a id='</style><img src=1 onerror=alert(1)>'>",
    "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>",
    "<textarea><img src=x onerror=alert(1)></textarea>",
    "<title><img src=x onerror=alert(1)></title>",
    "<!--><img src=x onerror=alert(1)>-->",
    "<template><script>alert(1)</script></template>",
    "<p title='\x01\" onmouseover=alert(1)'>x</p>",
    "<xmp><img src=x onerror=alert(1)></xmp>",
    "<input autofocus onfocus=alert(1)>",
    "<details open ontoggle=alert(1)>",
    "<marquee onstart=alert(1)>",
    "<body onload=alert(1)>",
]

FORBIDDEN = re.compile(
    r"<(?:script|iframe|object|embed|form|input|base|meta|link|style|svg|math|video|audio|source|picture|template|"
    r"textarea|title|xmp)\b"
    r"|<[^>]*\son\w+=|javascript:|vbscript:|data:|url\(|expression\(|position|z-index|evil\.example/|srcset|"
    r"background=|ping=|target="
    r"|<[^>]*\s(?:id|class|name)=",
    re.IGNORECASE,
)


@pytest.mark.parametrize("html", HOSTILE)
def test_hostile_html_is_tamed(html: str):
    """S1, S3"""
    safe = safe_html(f"<div>{html}</div>")
    assert not forbidden(safe)
    assert not re.search(r"<img[^>]*\ssrc=", safe)


@settings(deadline=None, max_examples=150)
@given(
    st.lists(
        st.sampled_from(
            [*HOSTILE, "<", ">", '"', "'", "</div>", "<!--", "-->", "\x01", "\0", "&lt;", "<b>", "<table>"]
        ),
        max_size=8,
    )
)
def test_any_mixture_is_tamed(pieces: list[str]):
    safe = safe_html("".join(pieces))
    assert not forbidden(re.sub(r">[^<]*<", "><", f">{safe}<"))


def forbidden(safe: str) -> list[str]:
    """What must not be there, the quoted words of titles and pictures aside."""
    return [found.group() for found in FORBIDDEN.finditer(re.sub(r' (?:title|alt)="[^"]*"', "", safe))]


def test_cleaning_twice_changes_nothing():
    html = (
        '<p style="color:red">x &amp; y</p><a href="https://ok.example/?a=1&amp;b=2">z</a><img src="cid:a@b" alt="c">'
    )
    once = safe_html(html)
    assert safe_html(once) == once


def test_what_people_write_stays():
    html = safe_html(
        '<table border="1" bgcolor="#eee"><tr><td colspan="2" style="padding:3px;color:rgb(1,2,3)">a</td></tr></table>'
        '<a href="mailto:a@b.de">m</a><a href="tel:+49">t</a><ul><li>x</li></ul><font color="red">f</font>'
    )
    for kept in (
        'border="1"',
        'colspan="2"',
        "padding:3px;color:rgb(1,2,3)",
        "mailto:a@b.de",
        "tel:+49",
        "<li>x</li>",
        'color="red"',
    ):
        assert kept in html
    assert html.count('rel="noopener noreferrer nofollow"') == 2


def test_style_sheets_are_written_into_the_elements():
    assert safe_html("<style>.a{color:red}</style><p class=a>x</p>") == '<p style="color:red">x</p>'


def test_a_colour_given_as_background_is_kept():
    assert safe_html('<p style="background:#ffe;font-family:&quot;Segoe UI&quot;,x">x</p>').startswith(
        '<p style="background-color:#ffe'
    )


def test_remote_pictures_become_words():
    """S3: the address of the picture is never asked for, and a beacon leaves nothing."""
    assert safe_html('<img src="https://cdn.example/x.png" alt="Logo">') == '<img alt="Logo" title="cdn.example">'
    assert safe_html('<img src="https://cdn.example/x.gif" width="1" height="1">') == ""


@pytest.mark.parametrize(
    "html",
    [
        "<div>" * 100_000,
        '<div title="</div>">' * 20_000,
        "<div></b>" * 20_000,
        "<b><p>" * 30_000,
        "<font color=#123>" * 250 + "<p>" * 50_000,
        "<a " + " ".join(f"a{n}" for n in range(50_000)) + ">",
        "<svg><style><div></style>" * 5000,
        "<table>" * 5000,
        "<br>" * 150_000,
    ],
    ids=["depth", "hidden ends", "stray ends", "rebuilding", "fonts", "attributes", "foreign", "tables", "many"],
)
def test_html_too_heavy_to_clean_comes_as_words(html: str, monkeypatch):
    """S19: the cleaner, quadratic in depth, is not even asked."""
    from hauspost.ground.text import markup

    monkeypatch.setattr(markup, "_CLEANER", None)
    markup.marked_html.cache_clear()
    safe = safe_html("Wichtig " + html)
    assert safe.startswith("<p>Wichtig")
    assert "<" not in safe.replace("<p>", "").replace("</p>", "").replace("<br>", "")


class TestPictures:
    @pytest.mark.parametrize("written", ["image001.png@01D9", "IMAGE001.PNG@01D9", "image001.png%4001D9"])
    def test_a_picture_finds_its_file_however_it_is_written(self, written: str):
        """P20.1"""
        html = safe_html(f'<img src="cid:{written}" alt="x">')
        assert (
            point_pictures(html, {"<image001.png@01D9>": "/files/7?a=1&b=2"})
            == '<img src="/files/7?a=1&amp;b=2" alt="x">'
        )

    def test_a_picture_without_a_file_becomes_its_words(self):
        assert point_pictures(safe_html('<p><img src="cid:gone@x" alt="Plan"></p>'), {}) == "<p><span>[Plan]</span></p>"

    def test_an_address_cannot_break_out(self):
        pointed = point_pictures('<img src="cid:a">', {"a": '"><script>'})
        assert pointed == '<img src="&quot;&gt;&lt;script&gt;">'

    def test_ids_are_equal_in_their_plain_form(self):
        assert plain_id("<A%40b>") == plain_id("a@B")


def test_the_version_is_a_number_that_can_rise():
    assert isinstance(room.SANITISER_VERSION, int)

"""Text from HTML, HTML from text, and the preview."""

from hypothesis import given
from hypothesis import strategies as st

from hauspost.ground.text.plain import html_of_text, preview, text_of_html, tidy


def test_blocks_stand_on_lines_of_their_own():
    assert text_of_html("<p>a <b>b</b></p><div>c<div>d</div></div>e<br>f") == "a b\n\nc\nd\ne\nf"


def test_lists_tables_and_preformatted_text():
    assert text_of_html("<ul><li>a</li><li>b</li></ul>") == "- a\n- b"
    assert text_of_html("<table><tr><td>1</td><td>2</td></tr><tr><td>3</td></tr></table>") == "1 2\n3"
    assert text_of_html("<pre>a\n  b</pre>") == "a\n  b"


def test_what_nobody_sees_is_no_text():
    assert (
        text_of_html("<title>x</title><style>p{}</style><script>y</script><!-- z --><p>a&nbsp;&amp; b</p>") == "a & b"
    )


def test_addresses_become_links():
    html = html_of_text("Siehe https://example.org/a?b=1&c=2. Oder (ada@example.org)!")
    assert '<a href="https://example.org/a?b=1&amp;c=2" rel="noopener noreferrer nofollow">' in html
    assert '<a href="mailto:ada@example.org" rel="noopener noreferrer nofollow">ada@example.org</a>)!' in html


def test_paragraphs_lines_and_indents_are_kept():
    assert html_of_text("a\n  b\n\n\nc <b>") == "<p>a<br>&nbsp; b</p><p>c &lt;b&gt;</p>"


@given(st.text(max_size=200))
def test_no_text_becomes_markup(text: str):
    """S1"""
    html = html_of_text(text)
    for piece in ("<p>", "</p>", "<br>", "</a>"):
        html = html.replace(piece, "")
    assert html.count("<") == html.count('<a href="')


def test_a_preview_is_one_line_cut_at_a_word():
    assert preview("a\n\n b\tc") == "a b c"
    assert preview("Drucker im dritten Stock kaputt", 20) == "Drucker im dritten…"
    assert len(preview("x" * 500)) == 160


def test_tidy_keeps_indents():
    assert tidy("\n\na  \r\n\r\n\r\n\r\n    b\n") == "a\n\n    b"

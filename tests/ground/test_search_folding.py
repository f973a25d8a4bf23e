"""How words are read for searching."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hauspost.ground.search.folding import highlight, read_query, readable_text, words_of


@pytest.mark.parametrize("one", ["Müller", "Mueller", "MULLER", "mu\u0308ller"])
@pytest.mark.parametrize("other", ["Müller", "Mueller", "MULLER", "mu\u0308ller"])
def test_the_spellings_of_an_umlaut_meet(one, other):
    """P16.3"""
    (term,) = read_query(one).terms
    assert words_of(other) & set(term.forms)


@pytest.mark.parametrize("pair", [("Straße", "STRASSE"), ("Café", "cafe"), ("Łódź", "lodz"), ("Weiß", "WEISS")])
def test_case_accents_and_sharp_s_do_not_matter(pair):
    """P16.3"""
    one, other = pair
    assert words_of(one) & set(read_query(other).terms[0].forms)
    assert words_of(other) & set(read_query(one).terms[0].forms)


def test_words_with_their_own_e_are_not_taken_for_umlauts():
    assert not words_of("does") & words_of("dos")
    assert not words_of("neue") & words_of("nue")
    assert words_of("poet queue value") == {"poet", "queue", "value"}


def test_a_joined_token_is_kept_whole_and_in_its_parts():
    """P16.3"""
    assert words_of("srv-db_01.koeln/x") >= {"srv-db_01.koeln/x", "srv-db_01.koeln", "srv", "db", "01", "x"}
    assert words_of("Ada.King@lindner.example") >= {"ada.king@lindner.example", "ada.king", "lindner.example", "king"}


def test_unseen_characters_do_not_split_a_word():
    assert words_of("Dru\u00adcker pa\u200bpier") == {"drucker", "papier"}


def test_a_word_longer_than_an_index_takes_is_cut():
    assert words_of("x" * 5_000) == {"x" * 64}


def test_what_no_database_can_store_is_replaced():
    """P21.5"""
    assert readable_text("a\0b") == "a\ufffdb"
    assert readable_text("ä\0\ud800") == "ä\ufffd\ufffd"


@pytest.mark.parametrize("query", ["4821", "#4821", " # 4821 ", "Ticket 4821", "[Ticket#4821]", "Vorgang 4821"])
def test_a_number_is_read_with_and_without_its_prefix(query):
    """P16.2"""
    assert read_query(query).number == 4821


@pytest.mark.parametrize("query", ["office 365", "48 21", "4821x", "9" * 40])
def test_a_number_among_words_is_no_ticket_number(query):
    assert read_query(query).number is None


def test_quotes_of_several_tongues_make_phrases():
    query = read_query('"no paper" „kein Papier“ «pas de papier» Drucker')
    assert [phrase.pattern.pattern.count("[\\W_]+") for phrase in query.phrases] == [1, 1, 2]
    assert [term.forms for term in query.terms] == [("drucker",)]


@given(st.text(max_size=400))
def test_anything_may_be_typed(query):
    read = read_query(query)
    assert all(not re.search(r'["=\s]', form) for term in read.terms for form in (*term.forms, *term.parts))
    highlight(query, query, around=40)


@given(st.text(max_size=400), st.text(max_size=20))
def test_highlighting_changes_no_text(text, query):
    assert "".join(piece for piece, _ in highlight(text, query)) == readable_text(text)


def test_every_spelling_is_highlighted():
    """P16.4"""
    pieces = highlight("Müller, Mueller und MULLER in der Straße", "mueller strasse")
    assert [piece for piece, is_hit in pieces if is_hit] == ["Müller", "Mueller", "MULLER", "Straße"]


def test_a_short_word_is_highlighted_at_the_beginning_of_words_only():
    pieces = highlight("Rotes Brot", "rot")
    assert [piece for piece, is_hit in pieces if is_hit] == ["Rot"]


def test_a_snippet_begins_near_the_first_hit():
    text = "Wort " * 500 + "Papierstau im Netzwerkdrucker " + "Wort " * 500
    pieces = highlight(text, "drucker", around=100)
    assert [piece for piece, is_hit in pieces if is_hit] == ["drucker"]
    assert len("".join(piece for piece, _ in pieces)) < 120
    assert pieces[0][0].startswith("… ")

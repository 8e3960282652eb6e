"""Spelling: comments are read as they were meant, and every place in them leads back to what was typed."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recontact import CauseClassifier
from recontact.spelling import restore
from recontact.spelling.latin import CYRILLIC
from recontact.spelling.words import words_of
from recontact_data.taxonomy import load_taxonomy

TYPED_AND_MEANT = [
    ("da", "Maatte spoerge igen, der staar intet beloeb", "Måtte spørge igen, der står intet beløb"),
    ("nb", "Far ikke svar pa epost, har ringt naa tre ganger", "Får ikke svar på epost, har ringt nå tre ganger"),
    ("sv", "Jag la pa efter tva timmar i ko", "Jag la på efter två timmar i kö"),
    ("de", "Haette spaeter zurueckrufen sollen, nichts gehoert", "Hätte später zurückrufen sollen, nichts gehört"),
    ("cs", "Nikdo mi uz nezavolal zpatky, porad cekam", "Nikdo mi už nezavolal zpátky, pořád čekám"),
    ("pl", "Nikt nie odpowiedzial, czekalem caly tydzien", "Nikt nie odpowiedział, czekałem cały tydzień"),
    ("tr", "Simdi yine aradim, kimse geri donmedi", "Şimdi yine aradım, kimse geri dönmedi"),
    ("bg", "Obeshtaha da mi se obadqt i nikoi ne se obadi", "Обещаха да ми се обадят и никой не се обади"),
    ("bg", "Trqbva6e da doide dnes, o6te go nqma", "Трябваше да дойде днес, още го няма"),
    ("ru", "Obeschali perezvonit i ne perezvonili", "Обещали перезвонить и не перезвонили"),
    ("zh", "說好回電話，等了三天沒有人打來", "说好回电话，等了三天没有人打来"),
    ("en", "They nevr called me back adn I waited", "They never called me back and I waited"),
    ("nb", "Har rignt tre ganger og ventet lenge", "Har ringt tre ganger og ventet lenge"),
    ("bg", "Обадих се няколко пъти и нкиой не вдигна", "Обадих се няколко пъти и никой не вдигна"),
]  # fmt: skip


@pytest.mark.parametrize(("language", "typed", "meant"), TYPED_AND_MEANT)
def test_a_comment_is_read_as_it_was_meant(language: str, typed: str, meant: str) -> None:
    found = restore(typed)
    assert (found.text, found.language) == (meant, language)


@pytest.mark.parametrize(("language", "_", "meant"), TYPED_AND_MEANT)
def test_what_is_well_written_stays(language: str, _: str, meant: str) -> None:
    assert restore(meant).text == meant
    assert restore(meant).language == language


@pytest.mark.parametrize(
    "text",
    [
        "I called Telenor and Ytterstad about the Zyxel router",  # names
        "Mail to kudnesenter@exmaple.com or see www.exmaple.com/nwes",
        "Der Fernwärmezähler und die Garagentoröffnung gehen nicht",  # compounds
        "Fikk beskjed om at airfryeren og routeren var ute av drift",
        "",
        "👍👍👍",
        "4111 12.03",
        "ok",
    ],
)
def test_what_is_on_no_list_and_no_slip_stays(text: str) -> None:
    assert restore(text).text == text


def test_capitals_stay_where_they_were() -> None:
    assert restore("Maatte SPOERGE igen, der staar hverken beloeb").text == "Måtte SPØRGE igen, der står hverken beløb"


def test_a_place_in_what_is_read_leads_back_to_whole_words_as_typed() -> None:
    typed = "Jeg maatte spoerge igen paa kontoret"
    found = restore(typed)
    start = found.text.index("spørge")
    for end in range(start + 1, start + len("spørge") + 1):
        old_start, old_end = found.original(start, end)
        assert typed[old_start:old_end] == "spoerge"
    old_start, old_end = found.original(start, found.text.index("på") + 2)
    assert typed[old_start:old_end] == "spoerge igen paa"


@given(
    st.text(
        st.sampled_from("aeiouæøåshtrnl qywj'.- тъояь\n說話"),
        max_size=60,
    )
)
def test_every_place_leads_back_into_the_comment(text: str) -> None:
    found = restore(text)
    assert found.original(0, len(found.text)) == (0, len(text))
    read = 0
    for change in found.changes:
        kept = found.text[read : change.start]
        old_start, old_end = found.original(read, change.start) if kept else (0, 0)
        assert text[old_start:old_end] == kept or found.language == "zh"
        assert found.original(change.start, change.end) == (change.old_start, change.old_end)
        read = change.end


@pytest.mark.parametrize("text", ["zx qwv " * 3000, "a" * 20_000, "roklqta " * 2500, "thier " * 3500, "'a" * 10_000])
def test_no_comment_takes_long(text: str) -> None:
    restore("warm up")
    begun = time.process_time()
    restore(text)
    assert time.process_time() - begun < 2


@pytest.mark.slow
def test_an_answer_is_that_to_the_comment_as_it_was_meant_with_the_words_as_they_were_typed() -> None:
    classifier = CauseClassifier.load()
    for language, typed, meant in TYPED_AND_MEANT:
        one, other = classifier.classify([typed, meant])
        assert one.language == language
        assert one.probabilities == other.probabilities
        for words, those in zip(one.evidence, other.evidence, strict=True):
            assert len(typed[words.start : words.end].split()) == len(meant[those.start : those.end].split())


def test_every_language_that_is_written_with_spaces_has_its_words() -> None:
    languages = set(load_taxonomy().languages) - {"zh"}
    lists = {language: words_of(language) for language in languages}
    assert all(found and found.starts("а" if language in CYRILLIC else "a") for language, found in lists.items())

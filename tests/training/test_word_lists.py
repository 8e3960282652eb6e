"""Word lists: a corpus and the training comments give a language its words, and what is typed without its letters."""

from pathlib import Path

import pytest

from recontact.spelling import words
from recontact_data.errors import CorpusError
from recontact_training.word_lists import count_words, typed_words


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    (tmp_path / "mono").mkdir()
    (tmp_path / "dict").mkdir()
    (tmp_path / "parallel").mkdir()
    (tmp_path / "mono/cs.general.txt").write_text("Žirafa žere.\nŽirafa spí, zirafa nežere\n", encoding="utf-8")
    (tmp_path / "mono/cs.other.txt").write_text("Hroch hroch\n", encoding="utf-8")
    (tmp_path / "parallel/en-cs.tsv").write_text("It eats\tŽirafa žere\n", encoding="utf-8")
    (tmp_path / "dict/en-cs.tsv").write_text("zebra\tzebra\n", encoding="utf-8")
    (tmp_path / "mono/bg.general.txt").write_text("Ябълка ябълка iPhone iPhone\n", encoding="utf-8")
    return tmp_path


def test_words_seen_twice_and_dictionary_words_are_kept(corpus: Path) -> None:
    counts = count_words(corpus, "cs")
    assert counts["žirafa"] == 3
    assert counts["žere"] == 2
    assert counts["zebra"] == 1
    assert counts["hroch"] == 2
    assert "zirafa" not in counts
    assert "nikdo" in counts  # of the shipped training comments


def test_texts_can_be_left_out(corpus: Path) -> None:
    assert "hroch" not in count_words(corpus, "cs", leave_out=["other"])


def test_latin_letters_are_no_words_of_a_cyrillic_language(corpus: Path) -> None:
    counts = count_words(corpus, "bg")
    assert "ябълка" in counts
    assert "iphone" not in counts


def test_a_corpus_without_the_language_is_refused(corpus: Path) -> None:
    with pytest.raises(CorpusError, match="no text in fi"):
        count_words(corpus, "fi")


def test_what_is_typed_stands_for_the_most_frequent_word() -> None:
    assert typed_words({"má": 5, "mä": 2, "ma": 9, "für": 3}, "de") == {
        "ma": "má",
        "mae": "mä",
        "fur": "für",
        "fuer": "für",
    }
    typed = typed_words({"ябълка": 3}, "bg")
    assert set(typed.values()) == {"ябълка"}


def test_lists_are_read_as_they_were_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    words.save_words(tmp_path, "cs", {"žirafa": 1000, "má": 1, "pes": 20}, [("zirafa", "žirafa"), ("ma", "má")])
    monkeypatch.setattr(words, "FOLDER", tmp_path)
    words.words_of.cache_clear()
    try:
        found = words.words_of("cs")
        assert found is not None
        assert found.count("žirafa") == pytest.approx(1000, rel=0.06)
        assert (found.count("má"), found.count("pes"), found.count("kočka")) == (1, 20, 0)
        assert (found.meant("zirafa"), found.meant("pes")) == ("žirafa", None)
        assert found.starts("žir")
        assert not found.starts("žaf")
        assert words.words_of("sk") is None
    finally:
        words.words_of.cache_clear()

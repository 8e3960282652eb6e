"""Batches are even, of like length, of the wanted languages, and the same whenever they are drawn."""

from pathlib import Path

import numpy as np
import pytest
from tokenizers import Tokenizer
from transformers import AutoTokenizer

from recontact_data.errors import CorpusError
from recontact_data.labels import load_labelled
from recontact_data.taxonomy import load_taxonomy
from recontact_training import corpus
from recontact_training.corpus import POOL, Batches

SENTENCE = "the repair did not help and nobody called back after we waited in the queue for an hour"
WORDS = SENTENCE.split()
LINES = [" ".join(WORDS[: 1 + k % len(WORDS)]) for k in range(200)]


@pytest.fixture
def batches(encoder: Path) -> Batches[str]:
    """Batches of about 60 pieces, nine in ten lines from the first of two groups."""
    tokenizer: Tokenizer = AutoTokenizer.from_pretrained(encoder).backend_tokenizer
    others = [f"{line}!" for line in LINES]
    return Batches([LINES, others], np.array([0.9, 0.1]), lambda line: line, tokenizer, pieces=60, seed=3)


def test_batches_are_about_as_large_as_asked(batches: Batches[str]) -> None:
    sizes = [sum(map(len, batches(k)[1])) for k in range(3 * POOL)]
    assert np.mean(sizes) == pytest.approx(60, rel=0.15)
    assert max(sizes) < 150


def test_a_batch_holds_items_of_like_length(batches: Batches[str]) -> None:
    inside = [np.ptp([len(ids) for ids in batches(k)[1]]) for k in range(POOL)]
    assert np.median(inside) <= 2


def test_a_batch_depends_on_seed_and_number_alone(batches: Batches[str]) -> None:
    late = batches(70)
    batches(0)
    assert batches(70) == late
    assert batches(71) != late


def test_groups_are_drawn_by_their_shares(batches: Batches[str]) -> None:
    drawn = [item for k in range(2 * POOL) for item in batches(k)[0]]
    assert np.mean([item.endswith("!") for item in drawn]) == pytest.approx(0.1, abs=0.05)


def test_dry_documentation_counts_no_more_than_the_rest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(corpus, "FEWEST_DRY", 2)
    (tmp_path / "mono").mkdir()
    (tmp_path / "mono" / "is.general.txt").write_text("halló\nbless\ntakk\n", encoding="utf-8")
    (tmp_path / "mono" / "is.docs.txt").write_text("\n".join("abcdefgh"), encoding="utf-8")
    assert corpus.mono(tmp_path, "is") == ["halló", "bless", "takk", "a", "b", "c"]


def test_sentences_that_are_held_out_are_learnt_from_nowhere(tmp_path: Path) -> None:
    for name, text in {
        "heldout/flores-devtest.en-nb.tsv": "a lamp\ten lampe",
        "mono/nb.general.txt": "en lampe\nen bok",
        "parallel/en-nb.tsv": "a lamp\tlampen\na book\ten bok",
        "parallel/nb-nn.tsv": "en lampe\tei lampe\nen bok\tei bok",
    }.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    assert corpus.mono(tmp_path, "nb") == ["en bok"]
    assert corpus.pairs(tmp_path, "nb") == [("a book", "en bok")]
    assert corpus.other_pairs(tmp_path, "nn") == [("en bok", "ei bok")]


def test_pairs_a_run_watches_are_others_than_those_it_is_reported_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(corpus, "REPORTED", 3)
    monkeypatch.setattr(corpus, "WATCHED", 2)
    (tmp_path / "heldout").mkdir()
    pairs = [(f"sentence {k}", f"setning {k}") for k in range(6)]
    (tmp_path / "heldout" / "ntrex.en-nb.tsv").write_text("".join(f"{a}\t{b}\n" for a, b in pairs), encoding="utf-8")
    assert corpus.watched_pairs(tmp_path, ["nb", "da"]) == {"nb": pairs[3:5]}
    assert corpus.read_held_out(tmp_path, ["nb"], "ntrex", first=0, count=3) == {"nb": pairs[:3]}
    assert corpus.read_held_out(tmp_path, ["nb"], "ntrex", first=5, count=4) == {"nb": pairs[2:]}


def test_pairs_without_english_are_found_by_their_second_language(tmp_path: Path) -> None:
    (tmp_path / "parallel").mkdir()
    (tmp_path / "parallel" / "nb-nn.tsv").write_text("jeg\teg\n", encoding="utf-8")
    (tmp_path / "parallel" / "en-nn.tsv").write_text("I\teg\n", encoding="utf-8")
    assert corpus.other_pairs(tmp_path, "nn") == [("jeg", "eg")]
    assert corpus.pairs(tmp_path, "nn") == [("I", "eg")]


def test_shares_without_any_item_are_refused() -> None:
    with pytest.raises(CorpusError, match="no text of any language"):
        corpus.proportions([0, 0], [1, 1], 0.3)


LANGUAGES = sorted({row.language for row in load_labelled()} - {"en"})


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_sentences_of_the_domain_are_whole(language: str) -> None:
    pairs = corpus.domain_pairs(language)
    english = [english for english, _ in corpus.domain_pairs("en")]
    assert [first for first, _ in pairs] == english
    assert len(pairs) >= 600
    same = sum(english == other for english, other in pairs)
    assert same == 0, f"{same} sentences are not translated"
    assert len({other for _, other in pairs}) > 0.97 * len(pairs)


def test_no_sentence_of_the_domain_is_a_labelled_comment() -> None:
    comments = {row.text.strip().casefold() for row in load_labelled()}
    sentences = {text.casefold() for code in ("en", *LANGUAGES) for _, text in corpus.domain_pairs(code)}
    assert not comments & sentences
    assert set(LANGUAGES) | {"en"} == set(load_taxonomy().languages)


def test_the_shortest_dictionary_words_are_left_out(tmp_path: Path) -> None:
    (tmp_path / "dict").mkdir()
    (tmp_path / "dict" / "en-nb.tsv").write_text("I\tjod\ndog\thund\n", encoding="utf-8")
    assert corpus.dictionary(tmp_path, "nb") == [("dog", "hund")]

"""The probe says what an encoder knows: of translations, of causes, and across languages."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from recontact_data.errors import CorpusError, ModelError
from recontact_data.labels import LabelledComment
from recontact_data.taxonomy import load_taxonomy
from recontact_training.probe import evaluate_encoder, evaluate_ngrams, linear_probe, probe
from recontact_training.retrieval import found_share, retrieval
from recontact_training.sentence_vectors import SentenceEncoder

TAXONOMY = load_taxonomy()


@pytest.fixture(scope="module")
def comments(rows: list[LabelledComment]) -> list[LabelledComment]:
    """The toy comments, a third each in English, Norwegian and Danish by name."""
    return [replace(row, language=("en", "nb", "da")[k % 3]) for k, row in enumerate(rows)]


def test_vectors_are_unit_length_in_the_order_of_the_texts(encoder: Path) -> None:
    texts = ["the boiler", "nobody picks up the phone and I gave up", "all good"]
    encode = SentenceEncoder(encoder, 64, half=False)
    vectors = encode(texts)
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(np.ones(3), abs=1e-5)
    assert vectors[1:2] == pytest.approx(encode(texts[1:2]), abs=1e-5)
    assert SentenceEncoder(encoder, 64, half=True)(texts) == pytest.approx(vectors, abs=0.02)


def test_a_text_longer_than_an_encoder_reads_is_cut(encoder: Path) -> None:
    assert np.isfinite(SentenceEncoder(encoder, 10_000)(["nobody called back " * 200])).all()


def test_random_weights_are_others(encoder: Path) -> None:
    own, random = SentenceEncoder(encoder, 64), SentenceEncoder(encoder, 64, random=True)
    assert not np.allclose(own(["all good"]), random(["all good"]), atol=0.01)


def test_what_is_no_encoder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="no encoder"):
        SentenceEncoder(tmp_path, 64)


def test_a_sentence_is_found_when_its_own_is_the_nearest() -> None:
    vectors = np.eye(4, dtype=np.float32)
    assert found_share(vectors, vectors) == 1.0
    assert found_share(vectors, vectors[[1, 0, 2, 3]]) == 0.5


def test_translations_are_searched_in_both_directions() -> None:
    places = {"one": (1.0, 0.0), "two": (0.0, 1.0), "en": (1.0, 0.0), "to": (0.8, 0.6)}
    found = retrieval(
        lambda texts: np.array([places[text] for text in texts], dtype=np.float32),
        {"nb": [("one", "en"), ("two", "to")]},
    )
    assert found == ({"nb": 0.5}, {"nb": 1.0})


def test_a_probe_reads_off_what_the_vectors_hold(comments: list[LabelledComment]) -> None:
    rng = np.random.default_rng(0)
    kinds = {cause: k for k, cause in enumerate(sorted({row.primary for row in comments}))}
    told = {row.id: np.eye(4)[kinds[row.primary]].astype(np.float32) for row in comments}
    noise = {row.id: rng.normal(size=4).astype(np.float32) for row in comments}
    own, zero_shot, everything = probe(linear_probe(told, TAXONOMY), comments, TAXONOMY)
    assert everything == 1.0
    assert set(own) == {"da", "en", "nb"}
    assert zero_shot == {"da": 1.0}
    assert probe(linear_probe(noise, TAXONOMY), comments, TAXONOMY)[2] < 0.8


def test_an_encoder_gets_all_its_figures(encoder: Path, comments: list[LabelledComment], tmp_path: Path) -> None:
    (tmp_path / "heldout").mkdir()
    texts = list(dict.fromkeys(row.text for row in comments))
    pairs = "".join(f"{one}\t{other}\n" for one, other in zip(texts, [*texts[:2], *texts[3:], texts[2]], strict=True))
    (tmp_path / "heldout" / "ntrex.en-da.tsv").write_text(pairs, encoding="utf-8")
    figures = evaluate_encoder(SentenceEncoder(encoder, 64), tmp_path, comments, TAXONOMY)
    assert figures.to_english["ntrex"]["da"] == pytest.approx(2 / len(texts)) == figures.from_english["ntrex"]["da"]
    assert set(figures.zero_shot) == {"da"}
    assert 0 <= evaluate_ngrams(comments, TAXONOMY).all_languages <= 1


def test_a_folder_without_held_out_pairs_is_refused(
    encoder: Path, comments: list[LabelledComment], tmp_path: Path
) -> None:
    with pytest.raises(CorpusError, match="no held-out pairs"):
        evaluate_encoder(SentenceEncoder(encoder, 64), tmp_path, comments, TAXONOMY)

"""The probe says what an encoder knows: of translations, of causes, and across languages."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from recontact_data.errors import CorpusError, ModelError
from recontact_data.labels import LabelledComment
from recontact_data.taxonomy import load_taxonomy
from recontact_training.probe import Encoder, evaluate_encoder, evaluate_ngrams, linear_probe, probe
from recontact_training.retrieval import found_share

TAXONOMY = load_taxonomy()


@pytest.fixture(scope="module")
def comments(rows: list[LabelledComment]) -> list[LabelledComment]:
    """The toy comments, a third each in English, Norwegian and Danish by name."""
    return [replace(row, language=("en", "nb", "da")[k % 3]) for k, row in enumerate(rows)]


def test_vectors_are_unit_length_in_the_order_of_the_texts(encoder: Path) -> None:
    texts = ["the boiler", "nobody picks up the phone and I gave up", "all good"]
    vectors = Encoder(encoder)(texts)
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(np.ones(3), abs=1e-5)
    assert vectors[1:2] == pytest.approx(Encoder(encoder)(texts[1:2]), abs=1e-5)


def test_random_weights_are_others(encoder: Path) -> None:
    assert not np.allclose(Encoder(encoder)(["all good"]), Encoder(encoder, random=True)(["all good"]), atol=0.01)


def test_what_is_no_encoder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="no encoder"):
        Encoder(tmp_path)


def test_a_sentence_is_found_when_its_own_is_the_nearest() -> None:
    vectors = np.eye(4, dtype=np.float32)
    assert found_share(vectors, vectors) == 1.0
    assert found_share(vectors, vectors[[1, 0, 2, 3]]) == 0.5


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
    pairs = "".join(f"{row.text}\t{row.text}\n" for row in {row.text: row for row in comments}.values())
    (tmp_path / "heldout" / "ntrex.en-da.tsv").write_text(pairs, encoding="utf-8")
    figures = evaluate_encoder(Encoder(encoder), tmp_path, comments, TAXONOMY)
    assert figures.to_english == {"ntrex": {"da": 1.0}} == figures.from_english
    assert set(figures.zero_shot) == {"da"}
    assert 0 <= evaluate_ngrams(comments, TAXONOMY).all_languages <= 1


def test_a_folder_without_held_out_pairs_is_refused(
    encoder: Path, comments: list[LabelledComment], tmp_path: Path
) -> None:
    with pytest.raises(CorpusError, match="no held-out pairs"):
        evaluate_encoder(Encoder(encoder), tmp_path, comments, TAXONOMY)

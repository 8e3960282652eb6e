"""The bundled model is whole, small, the same in every tool, and better than its baseline."""

import numpy as np
import pytest

from recontact import CauseClassifier
from recontact.artifact import BUNDLED, verify
from recontact_data.labels import LabelledComment, load_labelled


@pytest.fixture(scope="module")
def bundled() -> CauseClassifier:
    return CauseClassifier.load()


@pytest.fixture(scope="module")
def comments() -> list[LabelledComment]:
    """200 comments, 40 a language, spread over the shipped files."""
    return [row for code in ("nb", "da", "bg", "zh", "en") for row in load_labelled([code])[::15][:40]]


def test_every_file_is_as_the_manifest_says() -> None:
    assert verify(BUNDLED).name == "recontact"


def test_it_is_under_60_mb() -> None:
    assert sum(path.stat().st_size for path in BUNDLED.iterdir()) < 60_000_000


def test_transformers_pipeline_agrees_on_200_comments(comments: list[LabelledComment]) -> None:
    from transformers import pipeline

    texts = [row.text for row in comments]
    classify = pipeline("text-classification", model=str(BUNDLED), top_k=None)
    theirs = [{entry["label"]: entry["score"] for entry in answer} for answer in classify(texts, truncation=True)]
    bundled = CauseClassifier.load(as_typed=True)  # as the pipeline reads them
    ours = bundled.predict_proba(texts)
    assert len(texts) == 200
    matrix = np.array([[answer[cause] for cause in bundled.taxonomy.ids] for answer in theirs])
    assert np.abs(matrix - ours).max() < 1e-3


def test_torch_and_onnx_agree(bundled: CauseClassifier, comments: list[LabelledComment]) -> None:
    texts = [row.text for row in comments[::4]]
    other = CauseClassifier.load(runtime="torch")
    assert np.abs(bundled.predict_proba(texts) - other.predict_proba(texts)).max() < 1e-3


def test_it_names_the_cause_in_plain_cases(bundled: CauseClassifier) -> None:
    plain = {
        "De lovet å ringe meg tilbake, men det skjedde aldri": "no_callback",
        "They promised to call me back and never did": "no_callback",
        "Super service, tusind tak for hjælpen!": "none",
        "Great service, very friendly, thank you": "none",
    }
    found = {text: bundled.classify([text])[0].cause for text in plain}
    assert found == plain


@pytest.mark.slow
def test_it_beats_tf_idf_on_the_test_split(bundled: CauseClassifier) -> None:
    from recontact_data.ngram_baseline import baseline_predictions
    from recontact_training.evaluate import evaluate, evaluate_predictions

    rows = load_labelled()
    train, validation, test = ([row for row in rows if row.split == s] for s in ("train", "validation", "test"))
    predicted = baseline_predictions(train, validation, test, bundled.taxonomy)
    baseline = evaluate_predictions(predicted, test, bundled.taxonomy)
    assert evaluate(bundled, test).macro_f1 > baseline.macro_f1
    assert baseline.macro_f1 < 0.65  # else the comments are stock phrases

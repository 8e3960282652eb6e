"""The estimator: what a person who classifies comments relies on."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recontact import CauseClassifier, Prediction
from recontact.artifact import read_manifest, verify
from recontact_data.errors import LabelError, ModelError
from recontact_data.labels import LabelledComment

TEXTS = [
    "they never called back and the boiler is old",
    "I moved in May, still broken after the repair",
    "friendly and quick!!",
    "",
    "waited until I gave up, and they never called back",
    "что-то совсем другое 😡",
    "nobody picks up the phone " * 60,
]


@pytest.fixture(scope="module")
def alone(classifier: CauseClassifier) -> dict[str, Prediction]:
    """What each text gets when nothing comes with it."""
    return {text: classifier.classify([text])[0] for text in TEXTS}


@pytest.fixture
def copy(model_folder: Path, tmp_path: Path) -> Path:
    """A copy of the toy model's folder, to damage."""
    return shutil.copytree(model_folder, tmp_path / "copy")


def trained(rows: list[LabelledComment]) -> list[LabelledComment]:
    return [row for row in rows if row.split == "train"]


def test_training_rows_are_learnt(classifier: CauseClassifier, rows: list[LabelledComment]) -> None:
    answers = classifier.classify([row.text for row in trained(rows)])
    right = [answer.causes == row.labels for answer, row in zip(answers, trained(rows), strict=True)]
    assert np.mean(right) >= 0.9


def test_predict_is_predict_proba_cut_at_each_causes_threshold(classifier: CauseClassifier) -> None:
    probabilities = classifier.predict_proba(TEXTS)
    assert probabilities.dtype == np.float32
    assert probabilities.shape == (len(TEXTS), len(classifier.taxonomy))
    assert (classifier.predict(TEXTS) == (probabilities >= classifier.rule.thresholds)).all()


def test_causes_probabilities_and_the_cut_agree(classifier: CauseClassifier, rows: list[LabelledComment]) -> None:
    texts = TEXTS + [row.text for row in rows]
    answers, cut = classifier.classify(texts), classifier.predict(texts)
    for answer, stated, row in zip(answers, cut, classifier.predict_proba(texts), strict=True):
        assert list(answer.probabilities) == list(classifier.taxonomy.ids)
        assert list(answer.probabilities.values()) == row.tolist()
        assert set(answer.causes) == {c for c, yes in zip(classifier.taxonomy.ids, stated, strict=True) if yes}
        ranked = [answer.probabilities[cause] for cause in answer.causes]
        assert ranked == sorted(ranked, reverse=True)


def test_the_primary_cause_is_the_most_probable_stated_one_or_none(
    classifier: CauseClassifier, rows: list[LabelledComment]
) -> None:
    answers = classifier.classify([row.text for row in rows])
    for answer in answers:
        if answer.causes:
            assert answer.cause == answer.causes[0]
            assert answer.confidence == classifier.rule.believed(answer.probabilities[answer.cause], named=True)
        else:
            assert answer.cause == "none"
            assert answer.evidence == ()
            behind = 1 - max(answer.probabilities.values())
            assert answer.confidence == pytest.approx(classifier.rule.believed(behind, named=False))
        assert answer.needs_review == (answer.confidence < classifier.rule.review_confidence)
        assert answer.model_version == classifier.model_version
    assert {answer.cause for answer in answers} >= {"none", "no_callback"}


@settings(max_examples=20, deadline=None)
@given(picks=st.lists(st.sampled_from(TEXTS), min_size=1, max_size=8), cut=st.integers(0, 8))
def test_a_text_gets_the_same_bits_in_any_company_order_and_split(
    classifier: CauseClassifier, alone: dict[str, Prediction], picks: list[str], cut: int
) -> None:
    together = classifier.classify(picks)
    in_two_calls = classifier.classify(picks[:cut]) + classifier.classify(picks[cut:])
    assert together == in_two_calls == [alone[text] for text in picks]


def test_probabilities_of_one_text_are_the_same_bits_in_a_batch(classifier: CauseClassifier) -> None:
    batch = classifier.predict_proba(TEXTS)
    single = np.concatenate([classifier.predict_proba([text]) for text in TEXTS])
    assert batch.tobytes() == single.tobytes()


@pytest.mark.parametrize("text", ["", "   ", "\n\t", "...", "?! -"])
def test_a_comment_without_content_has_no_cause_and_needs_no_review(classifier: CauseClassifier, text: str) -> None:
    (answer,) = classifier.classify([text])
    assert (answer.cause, answer.causes, answer.evidence) == ("none", (), ())
    assert (answer.language, answer.needs_review, answer.truncated) == ("und", False, False)
    assert set(answer.probabilities.values()) == {0.0}
    assert not classifier.predict([text]).any()


def test_a_prediction_comes_back_from_json(classifier: CauseClassifier) -> None:
    for prediction in classifier.classify(["they never called back", "all good, thank you", ""]):
        content = json.loads(json.dumps(prediction.to_dict()))
        assert Prediction.from_dict(content | {"later": 1}) == prediction
        del content["evidence"], content["probabilities"]
        assert Prediction.from_dict(content) == replace(prediction, evidence=(), probabilities={})
        del content["cause"]
        with pytest.raises(KeyError, match="cause"):
            Prediction.from_dict(content)


def test_no_texts_give_no_answers(classifier: CauseClassifier) -> None:
    assert classifier.classify([]) == []
    assert classifier.predict_proba([]).shape == (0, len(classifier.taxonomy))


def test_evidence_lies_inside_the_text_and_on_whole_words(
    classifier: CauseClassifier, rows: list[LabelledComment]
) -> None:
    texts = TEXTS + [row.text for row in rows]
    for text, answer in zip(texts, classifier.classify(texts), strict=True):
        for span in answer.evidence:
            assert span.cause in answer.causes
            assert 0 <= span.start < span.end <= len(text)
            words = text[span.start : span.end]
            assert words == words.strip()
            assert not (text[: span.start][-1:].isalnum() and words[0].isalnum())


def test_evidence_is_found_where_it_was_marked_in_most_training_rows(
    classifier: CauseClassifier, rows: list[LabelledComment]
) -> None:
    marked = [row for row in trained(rows) if row.evidence]
    overlapping = 0
    for row, answer in zip(marked, classifier.classify([row.text for row in marked]), strict=True):
        true = row.evidence[0]
        overlapping += any(true.start < span.end and span.start < true.end for span in answer.evidence)
    assert overlapping >= 0.8 * len(marked)


def test_a_text_is_truncated_only_where_its_windows_run_out(classifier: CauseClassifier) -> None:
    short, long, endless = classifier.classify(["nobody picks up the phone " * count for count in (1, 60, 2000)])
    assert not short.truncated
    assert not long.truncated
    assert endless.truncated


def test_the_torch_runtime_agrees_with_onnx(
    classifier: CauseClassifier, model_folder: Path, rows: list[LabelledComment]
) -> None:
    texts = [row.text for row in rows] + TEXTS
    torch_runtime = CauseClassifier.load(model_folder, runtime="torch")
    np.testing.assert_allclose(torch_runtime.predict_proba(texts), classifier.predict_proba(texts), atol=1e-4)


def test_transformers_pipeline_opens_the_folder_and_agrees(
    classifier: CauseClassifier, model_folder: Path, rows: list[LabelledComment]
) -> None:
    from transformers import pipeline

    texts = [row.text for row in rows]
    pipe = pipeline("text-classification", model=str(model_folder), top_k=None, device="cpu")
    found = pipe(texts)
    by_cause = [{entry["label"]: entry["score"] for entry in row} for row in found]
    theirs = np.array([[row[cause] for cause in classifier.taxonomy.ids] for row in by_cause])
    np.testing.assert_allclose(theirs, classifier.predict_proba(texts), atol=1e-4)


def test_the_folder_names_no_class_that_older_versions_of_transformers_lack(model_folder: Path) -> None:
    config = json.loads((model_folder / "tokenizer_config.json").read_text(encoding="utf-8"))
    assert config["tokenizer_class"] == "PreTrainedTokenizerFast"
    assert not {"is_local", "local_files_only"} & config.keys()


def test_the_folder_says_that_it_classifies_and_does_not_embed(model_folder: Path) -> None:
    config = json.loads((model_folder / "config.json").read_text(encoding="utf-8"))
    assert config["architectures"] == ["BertForSequenceClassification"]


@pytest.mark.parametrize(
    "name",
    ["model.onnx", "model.safetensors", "tokenizer.json", "calibration.json", "causes.yaml", "manifest.json"],
)
@pytest.mark.parametrize("harm", ["missing", "cut short"])
def test_a_damaged_folder_is_refused_in_one_line(copy: Path, name: str, harm: str) -> None:
    file = copy / name
    content = file.read_bytes()
    file.unlink()
    if harm == "cut short":
        # Half a YAML file can be a valid one: the taxonomy loses everything after its first line.
        file.write_bytes(content[: 40 if name == "causes.yaml" else len(content) // 2])
    with pytest.raises(ModelError) as refusal:
        CauseClassifier.load(copy)
    assert "\n" not in str(refusal.value)
    assert str(copy) in str(refusal.value)


def test_the_torch_runtime_refuses_damaged_weights_in_one_line(copy: Path) -> None:
    weights = copy / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:1000])
    with pytest.raises(ModelError) as refusal:
        CauseClassifier.load(copy, runtime="torch")
    assert "\n" not in str(refusal.value)


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="no model folder"):
        CauseClassifier.load(tmp_path / "nowhere")


def test_a_folder_of_a_later_format_names_both_formats(copy: Path) -> None:
    content = json.loads((copy / "manifest.json").read_text(encoding="utf-8"))
    later = content | {"format": 99, "a_field_of_the_future": 1}
    (copy / "manifest.json").write_text(json.dumps(later), encoding="utf-8")
    with pytest.raises(ModelError, match=r"format 99.*reads format 1"):
        CauseClassifier.load(copy)


def test_an_unknown_runtime_is_refused_with_the_known_ones(model_folder: Path) -> None:
    with pytest.raises(ModelError, match="choose onnx or torch"):
        CauseClassifier.load(model_folder, runtime="tensorflow")  # type: ignore[arg-type]


def test_verify_passes_a_whole_folder(copy: Path) -> None:
    assert verify(copy) == read_manifest(copy)


@pytest.mark.parametrize("name", ["causes.yaml", "model.safetensors", "config.json"])
def test_verify_names_a_changed_file(copy: Path, name: str) -> None:
    with (copy / name).open("ab") as file:
        file.write(b"\n")
    with pytest.raises(ModelError, match=f"{name} differs"):
        verify(copy)


def test_verify_names_a_missing_file(copy: Path) -> None:
    (copy / "config.json").unlink()
    with pytest.raises(ModelError, match=r"lacks config\.json"):
        verify(copy)


@pytest.mark.parametrize("method", ["classify", "predict", "predict_proba"])
def test_a_classifier_without_a_model_says_how_to_get_one(method: str) -> None:
    with pytest.raises(ModelError, match=r"load\(\) or fit\(\)"):
        getattr(CauseClassifier(), method)(["a comment"])


@pytest.mark.parametrize("texts", ["a comment", [b"bytes"], [None], ["fine", 3]])
@pytest.mark.parametrize("method", ["classify", "predict", "predict_proba"])
def test_anything_but_texts_in_a_list_is_a_type_error(classifier: CauseClassifier, method: str, texts: object) -> None:
    with pytest.raises(TypeError, match="list of str"):
        getattr(classifier, method)(texts)


def test_any_iterable_of_texts_will_do(classifier: CauseClassifier) -> None:
    assert classifier.classify(iter(TEXTS)) == classifier.classify(TEXTS)


def test_fit_learns_from_texts_and_labels(encoder: Path, tmp_path: Path, rows: list[LabelledComment]) -> None:
    recipe = tmp_path / "few.yaml"
    dials = "epochs: 20\nbatch_size: 8\nlearning_rate: 5.0e-3\nhead_rate: 5.0e-3\ndropout: 0.0\n"
    recipe.write_text(dials, encoding="utf-8")
    fitted = CauseClassifier(base=encoder, recipe=recipe)
    assert fitted.fit([row.text for row in rows], [row.labels for row in rows]) is fitted
    answers = fitted.classify([row.text for row in rows])
    assert np.mean([answer.cause == row.primary for answer, row in zip(answers, rows, strict=True)]) >= 0.6


def test_fit_refuses_a_label_that_is_no_cause(encoder: Path) -> None:
    with pytest.raises(LabelError, match="'bad_weather' is not a cause"):
        CauseClassifier(base=encoder).fit(["a comment"] * 40, [["bad_weather"]] * 40)


def test_fit_refuses_texts_and_labels_of_different_number(encoder: Path) -> None:
    with pytest.raises(LabelError, match="2 texts and 1 label lists"):
        CauseClassifier(base=encoder).fit(["one", "two"], [[]])

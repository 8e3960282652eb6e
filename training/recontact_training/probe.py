"""Probe: what an encoder knows before it is fine-tuned, beside what n-grams know.

Three questions: does it find the English sentence that a sentence translates; how much of the causes can
a linear model read off its vectors; and does what was learnt from two languages hold in the others?
"""

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recontact_data.errors import CorpusError
from recontact_data.labels import SPLITS, LabelledComment, label_matrix
from recontact_data.ngram_baseline import STRENGTHS, baseline_predictions, best_cut, macro_f1
from recontact_data.taxonomy import Taxonomy
from recontact_training.corpus import REPORTED, read_held_out
from recontact_training.retrieval import retrieval
from recontact_training.sentence_vectors import Floats, SentenceEncoder

Bools = NDArray[np.bool_]
Predict = Callable[[Sequence[LabelledComment], Sequence[LabelledComment], Sequence[LabelledComment]], Bools]

SETS = ("flores-devtest", "ntrex")
SOURCES = ("en", "nb")
LONGEST = 256  # pieces of a comment


@dataclass(frozen=True)
class EncoderFigures:
    """What an encoder knows.

    Attributes:
        to_english: By held-out set and language: share of sentences whose nearest English one is their own.
        from_english: The same the other way.
        own: Macro-F1 of a linear probe by language, learnt from that language's comments alone.
        zero_shot: The same, learnt from English and Norwegian comments alone; without these two.
        all_languages: The same over all test comments, learnt from all languages.
    """

    to_english: dict[str, dict[str, float]]
    from_english: dict[str, dict[str, float]]
    own: dict[str, float]
    zero_shot: dict[str, float]
    all_languages: float

    def to_dict(self) -> dict[str, Any]:
        """Plain numbers, ready for JSON."""
        return asdict(self)


def linear_probe(vectors: Mapping[str, Floats], taxonomy: Taxonomy) -> Predict:
    """A logistic regression a cause on vectors, its penalty and cuts chosen on validation rows.

    Args:
        vectors: The vector of each comment, by id.
        taxonomy: The causes.
    """
    from sklearn.linear_model import LogisticRegression
    from sklearn.multiclass import OneVsRestClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    def matrix(rows: Sequence[LabelledComment]) -> Floats:
        return np.stack([vectors[row.id] for row in rows])

    def predict(
        train: Sequence[LabelledComment], validation: Sequence[LabelledComment], test: Sequence[LabelledComment]
    ) -> Bools:
        known, labels = label_matrix(train, taxonomy), label_matrix(validation, taxonomy)
        tried = []
        for strength in STRENGTHS:
            model = make_pipeline(
                StandardScaler(),
                OneVsRestClassifier(LogisticRegression(C=strength / 1_000, class_weight="balanced", max_iter=500)),
            )
            with warnings.catch_warnings():
                warnings.filterwarnings("ignore", "Label not", UserWarning)
                model.fit(matrix(train), known)
            scores = model.predict_proba(matrix(validation))
            cuts = np.array([best_cut(scores[:, k], labels[:, k]) for k in range(len(taxonomy))])
            tried.append((macro_f1(labels, scores >= cuts), model, cuts))
        _, model, cuts = max(tried, key=lambda trial: trial[0])
        return np.asarray(model.predict_proba(matrix(test)) >= cuts)

    return predict


def probe(
    predict: Predict, rows: Sequence[LabelledComment], taxonomy: Taxonomy
) -> tuple[dict[str, float], dict[str, float], float]:
    """Macro-F1 on test rows: by language from its own rows, by language from `SOURCES` alone, over all from all."""
    by_split = {split: [row for row in rows if row.split == split] for split in SPLITS}
    languages = sorted({row.language for row in rows})
    others = [language for language in languages if language not in SOURCES]

    def answers(sources: Sequence[str], target: Sequence[str]) -> tuple[Bools, Bools, NDArray[np.str_]]:
        """Labels and predictions of the target's test rows, and their languages."""
        train, validation = ([r for r in by_split[s] if r.language in sources] for s in ("train", "validation"))
        test = [row for row in by_split["test"] if row.language in target]
        codes = np.array([row.language for row in test])
        return label_matrix(test, taxonomy), predict(train, validation, test), codes

    own = {language: macro_f1(*answers([language], [language])[:2]) for language in languages}
    zero_shot: dict[str, float] = {}
    if others:
        labels, found, codes = answers(SOURCES, others)
        zero_shot = {code: macro_f1(labels[codes == code], found[codes == code]) for code in others}
    return own, zero_shot, macro_f1(*answers(languages, languages)[:2])


def evaluate_encoder(
    encoder: SentenceEncoder,
    folder: Path,
    rows: Sequence[LabelledComment],
    taxonomy: Taxonomy,
    report: Callable[[str], None] = lambda part: None,
) -> EncoderFigures:
    """All figures of one encoder.

    Args:
        encoder: The encoder.
        folder: A corpus folder with `heldout/<set>.en-<lang>.tsv`.
        rows: Labelled comments with their splits.
        taxonomy: The causes.
        report: Called with the name of each part when it begins.

    Raises:
        CorpusError: the folder holds no pairs.
    """
    languages = sorted({row.language for row in rows} - {"en"})
    to_english, from_english = {}, {}
    for name in SETS:
        pairs = read_held_out(folder, languages, name, first=0, count=REPORTED)
        if pairs:
            report(f"translations in {name}")
            to_english[name], from_english[name] = retrieval(encoder, pairs)
    if not to_english:
        raise CorpusError(f"no held-out pairs in {folder}/heldout; it must hold <set>.en-<lang>.tsv files")
    report("vectors of the labelled comments")
    vectors = dict(zip([row.id for row in rows], encoder([row.text for row in rows]), strict=True))
    report("linear probes")
    return EncoderFigures(to_english, from_english, *probe(linear_probe(vectors, taxonomy), rows, taxonomy))


def evaluate_ngrams(rows: Sequence[LabelledComment], taxonomy: Taxonomy) -> EncoderFigures:
    """The same of character n-grams, which find no translations."""
    return EncoderFigures({}, {}, *probe(partial(baseline_predictions, taxonomy=taxonomy), rows, taxonomy))

"""Baselines: what simpler classifiers reach that learn from the same rows as a model."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from recontact_data.errors import LabelError
from recontact_data.labels import SPLITS, LabelledComment
from recontact_data.ngram_baseline import baseline_predictions
from recontact_data.taxonomy import Taxonomy
from recontact_training.compare import Comparison, compare_predictions
from recontact_training.evaluate import Report, evaluate_predictions
from recontact_training.resampling import Bools
from recontact_training.setfit_baseline import STEPS, setfit_predictions

if TYPE_CHECKING:
    from recontact_training.probe import Predict

TFIDF = "TF-IDF"


@dataclass(frozen=True)
class BaselineFigures:
    """A baseline beside a model on the same comments.

    Attributes:
        report: The figures of the baseline.
        lead: What the model has over it.
    """

    report: Report
    lead: Comparison

    def to_dict(self) -> dict[str, Any]:
        """Plain numbers, ready for JSON: the keys of the report, then `lead`."""
        return {**self.report.to_dict(), "lead": asdict(self.lead)}


def baselines(
    taxonomy: Taxonomy, *, tfidf: bool, frozen: Sequence[str], setfit: Sequence[str], setfit_steps: int = STEPS
) -> "dict[str, Predict]":
    """The baselines asked for, by name.

    Args:
        taxonomy: The causes.
        tfidf: Character n-grams and logistic regression.
        frozen: Encoders, each of which is left as it is under a logistic regression.
        setfit: Encoders, each of which is fine-tuned by SetFit.
        setfit_steps: Batches of pairs of that.
    """
    found: dict[str, Predict] = {TFIDF: partial(baseline_predictions, taxonomy=taxonomy)} if tfidf else {}
    found |= {f"frozen {_called(folder)}": partial(frozen_predictions, folder, taxonomy=taxonomy) for folder in frozen}
    for folder in setfit:
        name = f"SetFit {_called(folder)}, {setfit_steps} batches"
        found[name] = partial(setfit_predictions, folder, taxonomy=taxonomy, steps=setfit_steps)
    return found


def frozen_predictions(
    encoder: str,
    train: Sequence[LabelledComment],
    validation: Sequence[LabelledComment],
    test: Sequence[LabelledComment],
    taxonomy: Taxonomy,
) -> Bools:
    """Predictions of a logistic regression on the vectors of an encoder, bool, shape (n_test, n_causes).

    Raises:
        ModelError: there is no encoder in the folder.
    """
    from recontact_training.probe import LONGEST, linear_probe
    from recontact_training.sentence_vectors import SentenceEncoder

    rows = [replace(row, id=str(k)) for k, row in enumerate((*train, *validation, *test))]  # ids need not be unique
    vectors = SentenceEncoder(encoder, LONGEST)([row.text for row in rows])
    predict = linear_probe(dict(zip([row.id for row in rows], vectors, strict=True)), taxonomy)
    end = len(train) + len(validation)
    return predict(rows[: len(train)], rows[len(train) : end], rows[end:])


def run_baselines(
    wanted: "Mapping[str, Predict]",
    rows: Sequence[LabelledComment],
    judged: Mapping[str, Sequence[LabelledComment]],
    report: Callable[[str], None] = lambda name: None,
) -> dict[str, dict[str, Bools]]:
    """Trains baselines once, and has each predict every set of comments.

    Args:
        wanted: The baselines by name.
        rows: Labelled comments; those of the training and validation splits are learnt from.
        judged: Sets of comments by name.
        report: Called with the name of each baseline when it begins.

    Returns:
        By baseline and set, bool, shape (n, n_causes).

    Raises:
        LabelError: there are no rows to learn from.
    """
    train, validation = ([row for row in rows if row.split == split] for split in SPLITS[:2])
    if wanted and not (train and validation):
        raise LabelError("a baseline needs training and validation rows; give files that hold both splits")
    found: dict[str, dict[str, Bools]] = {}
    for name, predict in wanted.items():
        report(name)
        predicted = predict(train, validation, [row for some in judged.values() for row in some])
        found[name], start = {}, 0
        for place, some in judged.items():
            found[name][place] = predicted[start : start + len(some)]
            start += len(some)
    return found


def baseline_figures(
    predicted: Bools, model: Bools, rows: Sequence[LabelledComment], taxonomy: Taxonomy, versions: tuple[str, str]
) -> BaselineFigures:
    """Figures of a baseline's predictions, and what the model has over them, both bool, shape (n, n_causes).

    Raises:
        LabelError: there are no rows, or one has an unknown label.
    """
    lead = compare_predictions(model, predicted, rows, taxonomy, versions)
    return BaselineFigures(evaluate_predictions(predicted, rows, taxonomy), lead)


def _called(encoder: str) -> str:
    """A short name of an encoder folder or hub name."""
    return Path(encoder).name or encoder

"""The gate: whether a new model may take the place of the current one, and if not, why not."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from recontact.artifact import verify
from recontact.estimator import CauseClassifier
from recontact_data.errors import LabelError, ModelError
from recontact_data.labels import LabelledComment
from recontact_training.compare import Comparison, Difference, compare

MARGIN = 0.02
FEWEST_ROWS = 50  # comments of a language below which its macro-F1 says too little
SAMPLE = 64
TOLERANCE = 1e-3

Check = Literal["checksums", "opening", "graph", "comparison", "quality"]


@dataclass(frozen=True)
class Objection:
    """One reason not to put a model in service.

    Attributes:
        check: What was checked.
        finding: What was found, with its figures.
        cure: What to do about it.
        final: Whether nobody may override it: the model cannot answer at all.
    """

    check: Check
    finding: str
    cure: str
    final: bool = False

    def __str__(self) -> str:
        """One line."""
        return " ".join(f"{self.finding}; {self.cure}".split())


@dataclass(frozen=True)
class Verdict:
    """What the gate found.

    Attributes:
        objections: Every reason against the model; none where it passes.
        comparison: It against the current model; None where there is no current one, or it could not be measured.
    """

    objections: tuple[Objection, ...]
    comparison: Comparison | None = None


def judge(
    new: Path,
    current: Path | None,
    rows: Sequence[LabelledComment],
    *,
    margin: float = MARGIN,
    progress: Callable[[int], None] = lambda comments: None,
) -> Verdict:
    """Checks a model's files, its exported graph, and its figures beside those of the current model.

    Args:
        new: Folder of the new model.
        current: Folder of the current model; None if there is none.
        rows: Labelled comments that neither model was trained on.
        margin: By how much macro-F1 may fall, over all and in any language with `FEWEST_ROWS` rows.
        progress: As in `compare`.

    Raises:
        LabelError: there are no rows.
        MissingExtraError: the train extra is not installed.
    """
    if not rows:
        raise LabelError("there are no comments to measure the model on; check --split and the files")
    objections = list(_checksums(new))
    try:
        candidate = CauseClassifier.load(new)
        objections += _graph(candidate, new, rows)
    except ModelError as error:
        cure = "train or copy the model again, add it and promote that"
        finding = f"the model cannot answer: {_without_cure(error)}"
        return Verdict((*objections, Objection("opening", finding, cure, final=True)))
    if current is None:
        return Verdict(tuple(objections))
    try:
        comparison = compare(candidate, CauseClassifier.load(current), rows, progress)
    except (ModelError, LabelError) as error:
        cure = "give comments with its causes (--labels), roll back to a whole model, or promote with --force"
        finding = f"it cannot be measured against the current model: {_without_cure(error)}"
        return Verdict((*objections, Objection("comparison", finding, cure)))
    return Verdict((*objections, *losses(comparison, margin)), comparison)


def losses(comparison: Comparison, margin: float) -> Iterator[Objection]:
    """Yields an objection for all comments, and for each language, where the new model is worse by more than a margin.

    Args:
        comparison: The new model against the current one.
        margin: By how much macro-F1 may fall.
    """
    overall = comparison.macro_f1
    if np.isnan(overall.difference):
        finding = f"none of the {comparison.rows} comments states a cause, so they tell nothing"
        yield Objection("quality", finding, "give comments that do")
    elif overall.difference < -margin:
        cure = "train on more or better labels, or allow more with --margin"
        yield Objection("quality", f"macro-F1 over all: {figures(overall)}, allowed {-margin:+.3f}", cure)
    for code, found in comparison.languages.items():
        if found.comments >= FEWEST_ROWS and found.difference < -margin:
            cure = f"train on more or better labels in {code}, or allow more with --margin"
            yield Objection("quality", f"macro-F1 in {code}: {figures(found)}, allowed {-margin:+.3f}", cure)


def figures(found: Difference) -> str:
    """A figure of both models, in words."""
    interval = f"95 % {found.low:+.3f} to {found.high:+.3f}"
    compared = f"{found.new:.3f}, current {found.current:.3f}, difference {found.difference:+.3f}"
    return f"{compared} ({interval}; {found.comments} comments)"


def _without_cure(error: Exception) -> str:
    """The first part of an error's text; an objection names a cure of its own."""
    return " ".join(str(error).split()).partition(";")[0]


def _checksums(folder: Path) -> Iterator[Objection]:
    try:
        verify(folder)
    except ModelError as error:
        yield Objection("checksums", _without_cure(error), "remove the version's folder and add the model again")


def _graph(classifier: CauseClassifier, folder: Path, rows: Sequence[LabelledComment]) -> Iterator[Objection]:
    """Yields an objection if the exported graph and the trained weights give different probabilities.

    Raises:
        ModelError: the graph cannot answer.
        MissingExtraError: the train extra is not installed.
    """
    texts = _of_all_lengths([row.text for row in rows])
    exported = _probabilities(classifier, texts)
    cure = "train the model again, so that its graph is exported anew"
    try:
        trained = _probabilities(CauseClassifier.load(folder, runtime="torch"), texts)
    except ModelError as error:
        yield Objection("graph", f"the trained weights cannot answer: {_without_cure(error)}", cure)
        return
    furthest = float(np.abs(exported - trained).max())
    if not furthest <= TOLERANCE:  # so that NaN objects too
        finding = f"the exported graph is off the trained weights by up to {furthest:.4f} in a probability"
        yield Objection("graph", f"{finding} ({len(texts)} comments, allowed {TOLERANCE})", cure)


def _probabilities(classifier: CauseClassifier, texts: Sequence[str]) -> NDArray[np.float32]:
    try:
        return classifier.predict_proba(texts)
    except Exception as error:  # the exceptions of the runtimes share no base of their own
        raise ModelError(f"a runtime fails on {classifier.model_version} ({error})") from error


def _of_all_lengths(texts: Sequence[str]) -> list[str]:
    """At most `SAMPLE` texts from the shortest to the longest: an export tends to break at the ends."""
    ordered = sorted(texts, key=len)
    places = np.linspace(0, len(ordered) - 1, min(SAMPLE, len(ordered)))
    return [ordered[round(place)] for place in places]

"""The estimator: a model folder, opened, that classifies comments."""

import copy
import os
import shutil
import tempfile
from collections.abc import Generator, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from recontact.artifact import BUNDLED, TAXONOMY, Manifest, read_manifest
from recontact.calibration import Calibration, sigmoid
from recontact.prediction import Evidence, Prediction, Rule, find_evidence, none_prediction
from recontact.registry import model_folder
from recontact.runtime import Runtime, RuntimeName, load_runtime
from recontact.text import Floats, Pieces, TextEncoder, is_blank, merge_windows
from recontact_data.errors import MissingExtraError, ModelError, TaxonomyError
from recontact_data.taxonomy import NONE, Taxonomy, load_taxonomy

if TYPE_CHECKING:
    from typing import Self


def usable_cores() -> int:
    """Cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class Scores(NamedTuple):
    """What the model says of one comment: probabilities (n_causes,) and those of its pieces (n_pieces, n_causes)."""

    probabilities: NDArray[np.float32]
    pieces: Pieces
    piece_scores: NDArray[np.float32]


class CauseClassifier:
    """Finds the causes that free-text comments state.

    `load` opens a trained model. An instance made without `load` is an estimator in scikit-learn's
    manner: give it a base and a recipe, `fit` it, use it.
    """

    def __init__(self, base: str | Path | None = None, recipe: str | Path = "finetune") -> None:
        """Prepares an estimator; nothing is read before `fit`.

        Args:
            base: What `fit` starts from: a recontact model, an encoder folder or a hub name; None for
                the bundled model.
            recipe: A recipe file, or the name of one that ships with the package.
        """
        self.base = base
        self.recipe = recipe
        self._manifest: Manifest | None = None

    @classmethod
    def load(
        cls,
        model: str | Path | None = None,
        *,
        runtime: RuntimeName = "onnx",
        min_precision: float | None = None,
        as_typed: bool = False,
    ) -> "Self":
        """Opens a model.

        Args:
            model: A model folder, or a registry, of which the current model is opened; None for the bundled model.
            runtime: `onnx`, or `torch` where the train extra is installed.
            min_precision: Share of the comments found to state a cause that really must; see `at_precision`.
            as_typed: Whether comments are read as they are typed; else slips, missing accents, Cyrillic in Latin
                letters and Traditional Chinese are mended before (`recontact.spelling`).

        Raises:
            ModelError: the folder is missing, damaged or of another format, the registry has no current
                model, or the model was never measured for a precision.
        """
        folder = None if model is None else model_folder(Path(model))
        classifier = cls(base=folder)
        classifier._open(folder or BUNDLED, runtime, as_typed=as_typed)
        return classifier if min_precision is None else classifier.at_precision(min_precision)

    def _open(self, folder: Path, runtime: RuntimeName = "onnx", *, as_typed: bool = False) -> None:
        manifest = read_manifest(folder)
        calibration = Calibration.load(folder)
        try:
            self.taxonomy: Taxonomy = load_taxonomy(folder / TAXONOMY)
        except TaxonomyError as error:
            raise ModelError(f"{error}; copy the model again") from error
        if len(calibration.thresholds) != len(self.taxonomy):
            raise ModelError(f"{folder}: {TAXONOMY} and calibration.json have different numbers of causes")
        self.rule = Rule(
            causes=self.taxonomy.ids,
            thresholds=np.asarray(calibration.thresholds, dtype=np.float32),
            review_confidence=calibration.review_confidence,
            believed=calibration.confidence,
        )
        self._encoder = TextEncoder(folder, manifest.max_length, as_typed=as_typed)
        self._runtime: Runtime = load_runtime(folder, runtime)
        # One pool a classifier: requests that come at once share the cores instead of multiplying threads.
        self._pool = ThreadPoolExecutor(max_workers=usable_cores(), thread_name_prefix="recontact")
        self._folder = folder
        self._calibration = calibration
        self._manifest = manifest

    def at_precision(self, wanted: float) -> "Self":
        """The same model, which states a cause only where it is right often enough.

        Each cause is cut where its precision on the validation split could be vouched for (`PrecisionCurve`),
        never below its usual threshold. A cause that cannot reach it is never stated; see
        `out_of_reach`. Where that or the cut keeps the most probable cause unsaid, `cause` is
        the most probable of the stated ones, and a `none` of low confidence asks for review. Probabilities stay.

        Args:
            wanted: From 0.5 to 0.99, for every cause.

        Raises:
            ModelError: there is no model, or it was made before such cuts were kept.
            ValueError: `wanted` is out of range.
        """
        _ = self.manifest
        curve, usual = self._calibration.curve, np.asarray(self._calibration.thresholds)
        if curve is None:
            raise ModelError(
                f"{self.model_version} holds no cuts for a precision; add them with "
                "`recontact calibrate MODEL LABELS… -o DIR`, or train it again"
            )
        cuts = np.maximum(curve.thresholds_at(wanted), usual).astype(np.float32)
        other = copy.copy(self)  # shares the runtime and its threads
        other.rule = replace(self.rule, thresholds=cuts, strict=True)
        return other

    @property
    def out_of_reach(self) -> dict[str, float]:
        """Causes that are never stated at the precision asked for, and the best that each can be cut for.

        0.0 where no precision from 0.5 on can be vouched for; empty without `at_precision`.
        """
        _ = self.manifest
        curve = self._calibration.curve
        if curve is None or not self.rule.strict:
            return {}
        best = zip(self.rule.causes, self.rule.thresholds, curve.best, strict=True)
        return {cause: precision for cause, cut, precision in best if np.isinf(cut)}

    @property
    def manifest(self) -> Manifest:
        """What the opened model says of itself.

        Raises:
            ModelError: nothing was loaded or fitted yet.
        """
        if self._manifest is None:
            raise ModelError("this classifier has no model yet; call CauseClassifier.load() or fit() first")
        return self._manifest

    @property
    def model_version(self) -> str:
        """Name and version of the opened model."""
        return self.manifest.model_version

    def predict_proba(self, texts: Iterable[str]) -> NDArray[np.float32]:
        """Calibrated probability of each cause.

        Args:
            texts: n comments.

        Returns:
            float32, shape (n, n_causes), columns in the order of the taxonomy.
        """
        rows = [score.probabilities for score in self._score(_listed(texts))]
        return np.stack(rows) if rows else np.zeros((0, len(self.taxonomy)), dtype=np.float32)

    def predict(self, texts: Iterable[str]) -> NDArray[np.bool_]:
        """Which causes each comment states, each cause cut at its own threshold.

        Returns:
            bool, shape (n, n_causes).
        """
        probabilities = self.predict_proba(texts)
        return self.rule.cut(probabilities)

    def classify(self, texts: Iterable[str]) -> list[Prediction]:
        """Everything the model says of each comment, in order; see `Prediction`."""
        comments = _listed(texts)
        scores = self._score(comments)
        return [self._prediction(text, score) for text, score in zip(comments, scores, strict=True)]

    def answer_in_steps(self, text: str) -> Generator[int, None, Prediction]:
        """Computes the same of one comment in the caller's thread, and may be halted; for servers.

        Yields:
            The pieces of each window, when it is computed.

        Returns:
            What the model says of the comment.
        """
        (pieces,) = self._encoder.encode([text])
        ran = []
        for window in () if is_blank(text) else pieces.windows:
            ran.append(self._runtime.run(window.ids))
            yield len(window.ids)
        return self._prediction(text, self._scores(pieces, ran))

    def fit(self, texts: Iterable[str], labels: Iterable[Sequence[str]]) -> "Self":
        """Fine-tunes on labelled comments and becomes the model found; needs the train extra.

        Args:
            texts: n comments.
            labels: The cause ids each comment states; an empty one for none.

        Raises:
            MissingExtraError: the train extra is not installed.
            LabelError: a label is not a cause of the base's taxonomy, or there are too few comments.
        """
        try:
            from recontact_training.finetune import fit_classifier
        except ImportError as error:
            raise MissingExtraError("fit", "train") from error
        # Goes away with the classifier; `save` keeps a copy.
        self._work = tempfile.TemporaryDirectory(prefix="recontact-")
        out = Path(self._work.name) / "model"
        self._open(fit_classifier(_listed(texts), [tuple(row) for row in labels], self.base, self.recipe, out))
        return self

    def save(self, folder: str | Path) -> None:
        """Copies the opened model to a new folder.

        Raises:
            ModelError: there is no model yet, or the folder is taken.
        """
        _ = self.manifest
        if Path(folder).exists():
            raise ModelError(f"{folder} is already there; choose a new folder")
        shutil.copytree(self._folder, folder)

    def _score(self, texts: list[str]) -> list[Scores]:
        _ = self.manifest
        encoded = self._encoder.encode(texts)
        return list(self._pool.map(self._score_one, texts, encoded))

    def _score_one(self, text: str, pieces: Pieces) -> Scores:
        windows = () if is_blank(text) else pieces.windows
        return self._scores(pieces, [self._runtime.run(window.ids) for window in windows])

    def _scores(self, pieces: Pieces, ran: Sequence[tuple[Floats, Floats]]) -> Scores:
        """Scores of a comment from the logits of its windows; all zero where there are none."""
        if not ran:
            return Scores(np.zeros(len(self.taxonomy), dtype=np.float32), pieces, np.zeros((0, 0), dtype=np.float32))
        logits, piece_logits = merge_windows(pieces, [one for one, _ in ran], [rows for _, rows in ran])
        probabilities = sigmoid(logits.astype(np.float64)).astype(np.float32)
        return Scores(probabilities, pieces, sigmoid(piece_logits.astype(np.float64)).astype(np.float32))

    def _prediction(self, text: str, scores: Scores) -> Prediction:
        if is_blank(text):
            return none_prediction(self.rule, self.model_version)
        causes = self.rule.ranked(scores.probabilities)
        confidence = self.rule.confidence(scores.probabilities)
        return Prediction(
            cause=causes[0] if causes else NONE,
            causes=causes,
            evidence=tuple(span for cause in causes for span in self._evidence(cause, text, scores)),
            confidence=confidence,
            probabilities=dict(zip(self.rule.causes, scores.probabilities.tolist(), strict=True)),
            language=scores.pieces.language,
            needs_review=confidence < self.rule.review_confidence,
            truncated=scores.pieces.truncated,
            model_version=self.model_version,
        )

    def _evidence(self, cause: str, text: str, scores: Scores) -> tuple[Evidence, ...]:
        column = scores.piece_scores[:, self.rule.causes.index(cause)]
        return find_evidence(cause, column, scores.pieces.offsets, text)


def _listed(texts: Iterable[str]) -> list[str]:
    listed = list(texts)
    if isinstance(texts, str) or not all(isinstance(text, str) for text in listed):
        raise TypeError("texts must be a list of str")
    return listed

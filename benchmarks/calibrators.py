"""Compares calibrators, and scores by which answers are sent to review, on the validation split; never on test.

python benchmarks/calibrators.py [--texts POOL.jsonl] [--logits CACHE.npz]
Needs: pip install venn-abers
"""

import argparse
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from sklearn.isotonic import IsotonicRegression
from sklearn.metrics import log_loss

from recontact import CauseClassifier
from recontact.artifact import BUNDLED, read_manifest
from recontact.calibration import Calibration, fit_scale_and_shift, review_bound, sigmoid
from recontact.prediction import Rule
from recontact.runtime import load_runtime
from recontact.text import TextEncoder, merge_windows
from recontact_data.labels import LabelledComment, label_matrix, load_labelled
from recontact_data.real_index import join_texts, read_index
from recontact_data.taxonomy import NONE, load_taxonomy

Doubles = NDArray[np.float64]
Bools = NDArray[np.bool_]
Calibrator = Callable[[Doubles, Bools, Doubles], Doubles]
FOLDS, REPEATS, BINS, DRAWS, LEAST = 5, 2, 10, 500, 1e-3
TAXONOMY = load_taxonomy()


def none(train: Doubles, labels: Bools, test: Doubles) -> Doubles:
    return sigmoid(test)


def temperature(train: Doubles, labels: Bools, test: Doubles) -> Doubles:
    """One scale for all causes (Guo et al. 2017)."""
    found = minimize_scalar(lambda s: (np.logaddexp(0, s * train) - labels * s * train).sum(), bounds=(0.05, 5))
    return sigmoid(test * found.x)


def by_cause(one: Callable[[Doubles, Bools, Doubles], Doubles]) -> Calibrator:
    def fitted(train: Doubles, labels: Bools, test: Doubles) -> Doubles:
        return np.stack([one(train[:, k], labels[:, k], test[:, k]) for k in range(labels.shape[1])], axis=1)

    return fitted


def platt(train: Doubles, labels: Bools, test: Doubles) -> Doubles:
    scale, shift = fit_scale_and_shift(train, labels)
    return sigmoid(scale * test + shift)


def isotonic(train: Doubles, labels: Bools, test: Doubles) -> Doubles:
    fitted = IsotonicRegression(out_of_bounds="clip").fit(train, labels)
    return np.asarray(fitted.predict(test))


def venn_abers(train: Doubles, labels: Bools, test: Doubles) -> Doubles:
    from venn_abers import VennAbers

    def both(p: Doubles) -> Doubles:
        return np.stack([1 - p, p], axis=1)

    fitted = VennAbers()
    fitted.fit(both(sigmoid(train)), labels.astype(int))
    return np.asarray(fitted.predict_proba(both(sigmoid(test)))[0][:, 1])


CALIBRATORS: dict[str, Calibrator] = {
    "none": none,
    "temperature": temperature,
    "scale and shift (ours)": by_cause(platt),
    "isotonic": by_cause(isotonic),
    "Venn-Abers": by_cause(venn_abers),
}


def calibration_error(p: Doubles, labels: Bools) -> float:
    """Expected calibration error over bins of equal size, mean over the causes."""
    errors = []
    for k in range(labels.shape[1]):
        bins = np.array_split(np.argsort(p[:, k], kind="stable"), BINS)
        errors.append(sum(len(b) * abs(p[b, k].mean() - labels[b, k].mean()) for b in bins) / len(p))
    return float(np.mean(errors))


def folds(count: int, seed: int) -> Iterator[tuple[NDArray[np.intp], NDArray[np.intp]]]:
    parts = np.array_split(np.random.default_rng(seed).permutation(count), FOLDS)
    for k, part in enumerate(parts):
        yield np.concatenate(parts[:k] + parts[k + 1 :]), part


def crossed(calibrator: Calibrator, logits: Doubles, labels: Bools, seed: int) -> Doubles:
    """Probabilities of every comment from a calibrator that did not see it."""
    found = np.zeros_like(logits)
    for train, test in folds(len(logits), seed):
        found[test] = calibrator(logits[train], labels[train], logits[test])
    return found


def show_calibrators(name: str, logits: Doubles, labels: Bools) -> None:
    for title, calibrator in CALIBRATORS.items():
        losses, errors = [], []
        for seed in range(REPEATS):
            p = crossed(calibrator, logits, labels, seed)
            losses.append(
                np.mean([log_loss(t, np.clip(q, LEAST, 1 - LEAST)) for q, t in zip(p.T, labels.T, strict=True)])
            )
            errors.append(calibration_error(p, labels))
        say(f"{name:<8}{title:<24}log-loss {np.mean(losses):.4f}  calibration error {np.mean(errors):.4f}")


def review_scores(p: Doubles, rule: Rule) -> tuple[dict[str, Doubles], list[str]]:
    """Several scores of how sure each answer is, and the answers."""
    single = p.astype(np.float32)
    answers = [(rule.ranked(row) or (NONE,))[0] for row in single]
    silent = np.array([answer == NONE for answer in answers])
    far = np.log(p / (1 - p)) - np.log(rule.thresholds / (1 - rule.thresholds))
    ordered = np.sort(p, axis=1)
    entropy = -(p * np.log(p) + (1 - p) * np.log1p(-p)).sum(1)
    scores = {
        "confidence (ours)": np.array([rule.confidence(row) for row in single]),
        "probability of none as a product": np.where(silent, np.prod(1 - p, axis=1), ordered[:, -1]),
        "logits from the threshold": np.where(silent, -far.max(1), far.max(1)),
        "least sure decision": np.maximum(p, 1 - p).min(1),
        "first less second": np.where(silent, 1 - ordered[:, -1], ordered[:, -1] - ordered[:, -2]),
        "entropy": -entropy,
    }
    return scores, answers


def area(score: Doubles, right: Bools) -> float:
    """Area under the curve of risk against coverage; less is better."""
    wrong = ~right[np.argsort(-score, kind="stable")]
    return float((np.cumsum(wrong) / np.arange(1, len(wrong) + 1)).mean())


def show_review(name: str, p: Doubles, rows: Sequence[LabelledComment], rule: Rule) -> None:
    scores, answers = review_scores(p, rule)
    right = np.array([answer in (row.labels or (NONE,)) for answer, row in zip(answers, rows, strict=True)])
    rng = np.random.default_rng(13)
    draws = [rng.integers(0, len(right), len(right)) for _ in range(DRAWS)]
    ours = scores["confidence (ours)"]
    say(f"{name}: {len(right)} answers, right {right.mean():.3f}")
    for title, score in scores.items():
        gaps = np.percentile([area(score[d], right[d]) - area(ours[d], right[d]) for d in draws], [2.5, 97.5])
        bound, reached, coverage = review_bound(score, right, 0.9)
        say(
            f"{name:<8}{title:<34}area {area(score, right):.4f}  less ours {gaps[0]:+.4f} to {gaps[1]:+.4f}  "
            f"at 0.9: from {bound:.3f}, reached {reached:.3f}, coverage {coverage:.3f}"
        )
    for wanted in (0.8, 0.85, 0.9):
        show_promise(name, ours, right, wanted)


def show_promise(name: str, confidence: Doubles, right: Bools, wanted: float) -> None:
    """How often a bound found on one half keeps its promise on the other, beside the plain empirical bound."""
    rng = np.random.default_rng(13)
    for title, bound_of in (("certified", review_bound), ("plain", plain_bound)):
        reached, coverage = [], []
        for _ in range(200):
            order = rng.permutation(len(right))
            one, other = order[: len(order) // 2], order[len(order) // 2 :]
            kept = other[confidence[other] >= bound_of(confidence[one], right[one], wanted)[0]]
            coverage.append(len(kept) / len(other))
            reached.append(right[kept].mean() if len(kept) else np.nan)
        seen = np.array(reached)[~np.isnan(reached)]
        say(
            f"{name:<8}{title} bound for {wanted}, found on one half: on the other {np.mean(seen):.3f} right at "
            f"coverage {np.mean(coverage):.3f}; below {wanted} in {np.mean(seen < wanted):.2f} of 200 draws"
        )


def plain_bound(confidence: Doubles, right: Bools, wanted: float) -> tuple[float, float, float]:
    order = np.argsort(-confidence, kind="stable")
    shares = np.cumsum(right[order]) / np.arange(1, len(order) + 1)
    last = max(np.flatnonzero(shares >= wanted), default=0)
    return float(confidence[order[last]]), float(shares[last]), (last + 1) / len(order)


def bundled_logits(rows: Sequence[LabelledComment]) -> Doubles:
    """Calibrated logits of the bundled model."""
    encoder, runtime = TextEncoder(BUNDLED, read_manifest(BUNDLED).max_length), load_runtime(BUNDLED)
    found = []
    for pieces in encoder.encode([row.text for row in rows]):
        ran = [runtime.run(window.ids) for window in pieces.windows]
        found.append(merge_windows(pieces, [one for one, _ in ran], [many for _, many in ran])[0])
    return np.stack(found).astype(np.float64)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--texts", type=Path, help="texts of the real comments")
    parser.add_argument("--logits", type=Path, help="file to keep logits in")
    arguments = parser.parse_args()
    sets = {"written": [row for row in load_labelled() if row.split == "validation"]}
    if arguments.texts:
        sets["real"] = [row for row in join_texts(read_index(), arguments.texts) if row.split == "validation"]
    cached = dict(np.load(arguments.logits)) if arguments.logits and arguments.logits.exists() else {}
    cached |= {name: bundled_logits(rows) for name, rows in sets.items() if name not in cached}
    if arguments.logits:
        np.savez(arguments.logits, **cached)
    found = Calibration.load(BUNDLED)
    rule = CauseClassifier.load().rule
    for name, rows in sets.items():
        raw = (cached[name] - np.array(found.shift)) / np.array(found.scale)
        labels = label_matrix(rows, TAXONOMY)
        show_calibrators(name, raw, labels)
        if name != "written":  # what a user of the shipped calibration meets
            p = sigmoid(cached[name])
            loss = np.mean([log_loss(t, np.clip(q, LEAST, 1 - LEAST)) for q, t in zip(p.T, labels.T, strict=True)])
            say(f"{name:<8}{'as shipped':<24}log-loss {loss:.4f}  calibration error {calibration_error(p, labels):.4f}")
        show_review(name, sigmoid(cached[name]), rows, rule)


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()

"""Retraining: a model in use learns new labels beside what it knew, and is measured against itself before that."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from recontact.artifact import BUNDLED, MANIFEST, TAXONOMY, Manifest, read_manifest
from recontact.estimator import CauseClassifier
from recontact_data.labels import LabelledComment, load_labelled
from recontact_data.splits import with_splits
from recontact_data.taxonomy import Taxonomy, load_taxonomy
from recontact_training.compare import Comparison, Difference, compare
from recontact_training.export import rows_fingerprint
from recontact_training.replay import OldRows

MEASURED = 300  # old comments, at most
FEWEST_SHOWN = 50
SEED = 13


def goes_on(base: str | Path, taxonomy: Taxonomy) -> bool:
    """Whether a base is a recontact model of the very causes, so that training only adds to what it knows."""
    return (Path(base) / MANIFEST).is_file() and load_taxonomy(Path(base) / TAXONOMY).ids == taxonomy.ids


def old_rows(
    base: Path,
    own: Sequence[LabelledComment] = (),
    shipped: bool | None = None,
    report: Callable[[str], None] = lambda message: None,
) -> OldRows:
    """What a model has learnt from, as far as it is at hand.

    Args:
        base: A recontact model.
        own: Comments that the user says it has learnt from, with their splits.
        shipped: Whether the shipped comments are among them; None to find out.
        report: Called with a hint where the model has learnt from comments that are not at hand.
    """
    manifest = read_manifest(base)
    there = load_labelled() if shipped is not False else []
    if shipped is None and not _has_learnt(manifest, there):
        there = []
    if shipped is None and not own and (not there or manifest.data.get("new")):
        report(
            f"{manifest.model_version} has learnt from comments of your own; where they are not among these labels, "
            "name their files with --keep, so that it does not forget them"
        )
    return OldRows(tuple(own), tuple(there))


def _has_learnt(manifest: Manifest, shipped: Sequence[LabelledComment]) -> bool:
    """Whether a model has learnt from the shipped comments: the bundled one, one made like it, or from it."""
    bundled = read_manifest(BUNDLED).version == manifest.version
    return bundled or bool(manifest.data.get("shipped")) or manifest.data.get("sha256") == rows_fingerprint(shipped)


def gains(
    new: Path,
    base: Path,
    rows: Sequence[LabelledComment],
    old: OldRows,
    progress: Callable[[int], None] = lambda comments: None,
) -> Iterator[str]:
    """Yields, a line each, how a retrained model does beside its base on held-out new comments and on old ones.

    Args:
        new: The retrained model.
        base: What it was retrained from.
        rows: The new comments, as they were given to training.
        old: What the base had learnt from.
        progress: Called with the number of comments just classified; each model classifies all.
    """
    fresh = with_splits(rows)
    sets = {
        "new comments, held out": [row for row in fresh if row.split == "test"],
        "old comments, held out": old.beside(fresh).sample("test", MEASURED, fresh, SEED),
    }
    models = [CauseClassifier.load(folder) for folder in (new, base)]
    for what, chosen in sets.items():
        if chosen:
            yield f"{len(chosen)} {what}: {_in_words(compare(models[0], models[1], chosen, progress))}"


def _in_words(found: Comparison) -> str:
    said = f"exact {_change(found.exact)}; macro-F1 {_change(found.macro_f1)}"
    return f"{said}; too few to be sure" if found.rows < FEWEST_SHOWN else said


def _change(found: Difference) -> str:
    if found.difference != found.difference:  # NaN: no comment states a cause
        return "not known"
    change = f"{found.difference:+.3f}, 95 % {found.low:+.3f} to {found.high:+.3f}"
    return f"{found.current:.3f} before, {found.new:.3f} now ({change})"

"""What a fine-tuning run learns from: new labelled comments, and old ones beside them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from recontact.artifact import MANIFEST, read_manifest
from recontact_data.errors import LabelError
from recontact_data.labels import LabelledComment
from recontact_data.splits import with_splits
from recontact_data.taxonomy import Taxonomy
from recontact_training.recipe import FinetuneRecipe
from recontact_training.replay import OldRows, visits_of_new
from recontact_training.sentences import labelled_sentences

FEWEST = 20


@dataclass(frozen=True)
class Lesson:
    """The comments of one run, all with their splits.

    Attributes:
        new: The new ones.
        kept: The old ones that are mixed in.
        sentences: Shipped labelled sentences that are mixed in, all to train on.
        repeats: How often an epoch sees a new one.
        from_shipped: Whether shipped comments are among the old ones.
    """

    new: tuple[LabelledComment, ...]
    kept: tuple[LabelledComment, ...] = ()
    sentences: tuple[LabelledComment, ...] = ()
    repeats: int = 1
    from_shipped: bool = False

    @property
    def rows(self) -> tuple[LabelledComment, ...]:
        """All comments, without the sentences."""
        return (*self.new, *self.kept)

    @property
    def train(self) -> list[LabelledComment]:
        """Those to train on, and the sentences."""
        return [*(row for row in self.rows if row.split == "train"), *self.sentences]

    @property
    def validation(self) -> list[LabelledComment]:
        """Those that calibrate."""
        return [row for row in self.rows if row.split == "validation"]

    @property
    def visits(self) -> list[int]:
        """How often an epoch sees each comment to train on."""
        new = sum(row.split == "train" for row in self.new)
        return [self.repeats] * new + [1] * (len(self.train) - new)

    def origin(self, base: str | Path) -> dict[str, Any]:
        """What the manifest says of where the model comes from."""
        model = (Path(base) / MANIFEST).is_file()
        origin: dict[str, Any] = {"base": read_manifest(Path(base)).model_version if model else Path(base).name}
        if self.sentences:
            origin["sentences"] = len(self.sentences)
        if self.kept:
            origin |= {"new": len(self.new), "kept": len(self.kept), "shipped": self.from_shipped}
        return origin

    def warnings(self, taxonomy: Taxonomy) -> Iterator[str]:
        """Yields which causes have few comments to learn from."""
        new, all_rows = ([row for row in rows if row.split == "train"] for rows in (self.new, self.rows))
        counts = {cause: sum(cause in row.labels for row in all_rows) for cause in taxonomy.ids}
        thin = {cause: count for cause, count in counts.items() if count < FEWEST}
        for cause, count in thin.items():
            yield f"only {count} training comments state {cause}; give at least {FEWEST}"
        if self.sentences:
            yield f"{len(self.sentences)} sentences of customer service that ship are read beside them (sentence_share)"
        if self.kept:
            seldom = {cause: sum(cause in row.labels for row in new) for cause in taxonomy.ids if cause not in thin}
            listed = ", ".join(f"{cause} ({count})" for cause, count in seldom.items() if count < FEWEST)
            if listed:
                yield f"fewer than {FEWEST} new training comments state {listed}; there the old ones decide"
            yield self._summary()

    def _summary(self) -> str:
        train = sum(row.split == "train" for row in self.new)
        old = sum(row.split == "train" for row in self.kept)
        often = "once" if self.repeats == 1 else f"{self.repeats} times"
        return (
            f"training on {train} new comments, each {often} an epoch, and {old} old ones; "
            f"{sum(row.split == 'test' for row in self.new)} new ones are held out"
        )


def make_lesson(rows: Sequence[LabelledComment], old: OldRows, recipe: FinetuneRecipe, taxonomy: Taxonomy) -> Lesson:
    """Chooses what a run learns from.

    Args:
        rows: The new comments; those without a split get one.
        old: What the base has learnt from.
        recipe: The dials.
        taxonomy: The causes.

    Raises:
        LabelError: there are too few comments, an old one has an unknown label, or the recipe mixes none in.
    """
    if old.own and not recipe.replay_rows:
        raise LabelError("the recipe mixes in no old comments; set its replay_rows, or train on all files together")
    check_labels((*old.own, *old.shipped), taxonomy)
    new = with_splits(rows)
    beside = old.beside(new)
    kept = beside.for_training(recipe.replay_rows, new, recipe.seed) if recipe.replay_rows else []
    shown = {row.text for row in beside.shipped}
    known = sum(row.split == "train" for row in new), sum(row.split == "train" for row in kept)
    lesson = Lesson(
        tuple(new), tuple(kept), tuple(labelled_sentences(taxonomy, recipe.sentence_share, recipe.seed)),
        visits_of_new(*known, recipe.repeats), any(row.text in shown for row in kept),
    )  # fmt: skip
    if not known[0] or not lesson.validation:
        raise LabelError(f"{len(rows)} labelled comments are too few to train on; give at least {FEWEST}")
    return lesson


def check_labels(rows: Sequence[LabelledComment], taxonomy: Taxonomy) -> None:
    """Makes sure that a taxonomy knows all labels.

    Raises:
        LabelError: names one that it does not know.
    """
    if unknown := sorted({label for row in rows for label in row.labels} - set(taxonomy.ids)):
        raise LabelError(f"label {unknown[0]!r} is not a cause of the taxonomy; known: {', '.join(taxonomy.ids)}")

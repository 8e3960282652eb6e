"""`--keep`: what the base of a training run has learnt from, which it shall not forget."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from recontact_data.labels import LabelledComment
    from recontact_training.replay import OldRows

SHIPPED, NONE = "shipped", "none"
Keep = Annotated[
    list[str] | None,
    typer.Option(
        metavar="FILE",
        help="Labelled comments that the base has learnt from, to mix in; `shipped` or `none`: those that ship with "
        "the package, or not. Default: those that ship, if it has learnt from them.",
    ),
]


def old_comments(
    base: str | Path,
    keep: Sequence[str],
    read: "Callable[[Path], list[LabelledComment]]",
    report: Callable[[str], None],
) -> "OldRows":
    """What a recontact model has learnt from, as far as it is at hand.

    Args:
        base: The model.
        keep: What the user gave with `--keep`.
        read: Reads a label file.
        report: Called with a hint where something is not at hand.

    Raises:
        LabelError: both `shipped` and `none` were given.
    """
    from recontact_data.errors import LabelError
    from recontact_data.splits import with_splits
    from recontact_training.retrain import old_rows

    if SHIPPED in keep and NONE in keep:
        raise LabelError("--keep shipped and --keep none contradict each other; leave one out")
    # File by file, so that each gets the splits it had when it was trained on alone.
    own = [row for name in keep if name not in (SHIPPED, NONE) for row in with_splits(read(Path(name)))]
    shipped = True if SHIPPED in keep else False if NONE in keep else None
    return old_rows(Path(base), own, shipped, report)

"""The comments that `recontact evaluate` judges a model on, and those that its baselines learn from."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from recontact_serving.cli.label_options import SplitName, in_split, split_rows

if TYPE_CHECKING:
    from recontact_data.labels import LabelledComment
    from recontact_data.taxonomy import Taxonomy


@dataclass(frozen=True)
class RowOptions:
    """What the command line says of the comments; `baseline` is whether any baseline is asked for."""

    labels: tuple[Path, ...]
    split: SplitName
    index: Path | None
    texts: Path | None
    written: bool
    baseline: bool
    text_column: str | None
    label_column: str | None
    encoding: str | None
    skip_bad_rows: bool


@dataclass(frozen=True)
class JudgedRows:
    """Comments by section, and the labelled ones of all splits."""

    judged: "dict[str, list[LabelledComment]]"
    learnt: "list[LabelledComment]"


def check_options(options: RowOptions) -> None:
    """Refuses options that do not go together.

    Raises:
        LabelError: they do not; says which and the cure.
    """
    from recontact_data.errors import LabelError

    if options.index is not None and options.texts is None:
        raise LabelError("the index holds no texts; pass the file that does with --texts")
    if options.texts is not None and options.index is None:
        raise LabelError("--texts goes with --index; add --index shipped, or an index of your own")
    if options.index is not None and options.labels and not (options.baseline or options.written):
        raise LabelError(
            "--index judges on real comments alone; leave the files out, or add --baseline to learn from them, "
            "or --written to judge on them too"
        )


def judged_rows(options: RowOptions, taxonomy: "Taxonomy") -> JudgedRows:
    """The comments of the split asked for: written ones (files, or those that ship), real ones, or both.

    Raises:
        LabelError: a file cannot be read, or is not valid.
    """
    from recontact_training.sections import REAL, WRITTEN

    judged = {}
    only_real = options.index is not None and not options.written
    columns = (options.text_column, options.label_column, options.encoding, options.skip_bad_rows)
    learnt = split_rows(options.labels, taxonomy, *columns) if options.baseline or not only_real else []
    if not only_real:
        judged[WRITTEN] = learnt
    if options.index is not None and options.texts is not None:
        judged[REAL] = real_comments(options.index, options.texts, taxonomy)
    return JudgedRows({name: in_split(rows, options.split) for name, rows in judged.items()}, learnt)


def real_comments(index: Path, texts: Path, taxonomy: "Taxonomy") -> "list[LabelledComment]":
    """The comments of an index of real ones, their texts from a file.

    Raises:
        LabelError: the index is not in order, or texts are missing.
    """
    from recontact_data.errors import LabelError
    from recontact_data.real_index import INDEX, index_problems, join_texts, read_index

    found = read_index(INDEX if str(index) == "shipped" else index)
    if wrong := list(index_problems(found, taxonomy)):
        raise LabelError(f"{index}: {wrong[0][0]}: {wrong[0][1]} ({len(wrong)} such problems); mend the index")
    return join_texts(found, texts)

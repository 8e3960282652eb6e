"""The columns of a user's label file: which of them say the causes, and what they say in a row."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from recontact_data.errors import ColumnError, LabelError, UnknownLabelError
from recontact_data.label_names import LabelNames
from recontact_data.readers import Row, text_of
from recontact_data.taxonomy import NONE
from recontact_data.text_column import listed, named_column

LABEL_COLUMNS = ("label", "labels", "cause", "causes")
OPTIONAL_COLUMNS = ("id", "language", "split", "primary")
SPLIT_NAMES = {
    **dict.fromkeys(("train", "training"), "train"),
    **dict.fromkeys(("validation", "valid", "val", "dev", "development"), "validation"),
    **dict.fromkeys(("test", "testing"), "test"),
}
# Also what a program that knows only broken numbers makes of 0 and 1.
_MARKS = {
    **dict.fromkeys(("1", "1.0", "true", "yes", "x"), True),
    **dict.fromkeys(("0", "0.0", "false", "no", ""), False),
}


@dataclass(frozen=True)
class LabelColumns:
    """Where a file says what.

    Attributes:
        names: What the causes may be called.
        text: The column with the comments.
        label: The column with the labels, or None where each cause has a column.
        causes: The column of each cause, in the order of the taxonomy; empty where there is `label`.
        optional: Those of `OPTIONAL_COLUMNS` that the file has, and what they are called there.
    """

    names: LabelNames
    text: str
    label: str | None
    causes: dict[str, str] = field(default_factory=dict)
    optional: dict[str, str] = field(default_factory=dict)

    def stated(self, row: Row) -> tuple[str, ...]:
        """Returns the causes a row states, once each, as they stand there; empty for none.

        Raises:
            UnknownLabelError: a label is no cause.
            LabelError: a cell cannot be read, or contradicts another.
        """
        if self.label is not None and self.label not in row:
            raise LabelError(f"no {self.label!r}, the column with the labels; write null or [] where there is none")
        found = self._marked(row) if self.label is None else _listed_causes(row[self.label], self.names)
        causes = tuple(cause for cause in dict.fromkeys(found) if cause != NONE)
        if causes and NONE in found:
            raise LabelError(f"both {NONE!r} and {causes[0]!r} are stated; take one of them out")
        return causes

    def primary(self, row: Row, causes: Sequence[str]) -> str:
        """Returns the cause that a row presents as the reason: the one it names, else the first one stated.

        Raises:
            UnknownLabelError: it is no cause.
            LabelError: it is not among those stated.
        """
        written = self.text_in("primary", row)
        if not written:
            return causes[0] if causes else NONE
        cause = self.names.find(written)
        if cause is None:
            raise UnknownLabelError(written)
        if cause not in (causes or (NONE,)):
            raise LabelError(f"primary {written!r} is not among the causes stated; add it to them, or empty the cell")
        return cause

    def split(self, row: Row) -> str:
        """Returns the split of a row, or "" where it has none.

        Raises:
            LabelError: it is no known one.
        """
        written = self.text_in("split", row)
        if written and written.casefold() not in SPLIT_NAMES:
            raise LabelError(f"split {written!r} is unknown; write train, validation or test, or empty the cell")
        return SPLIT_NAMES[written.casefold()] if written else ""

    def text_in(self, name: str, row: Row) -> str:
        """Returns what a row has in an optional column, "" where there is none."""
        return text_of(row, self.optional[name]).strip() if name in self.optional else ""

    def _marked(self, row: Row) -> list[str]:
        marked = []
        for cause, column in self.causes.items():
            written = text_of(row, column)
            if written.strip().casefold() not in _MARKS:
                cure = "write 1 or 0, true or false, yes or no, x or nothing"
                raise LabelError(f"the column {column!r} holds {written[:60]!r}; {cure}")
            marked += [cause] if _MARKS[written.strip().casefold()] else []
        if NONE in self.causes and not marked:
            raise LabelError(f"neither a cause nor {self.causes[NONE]!r} is marked; mark what the comment states")
        return marked


def find_label_columns(
    columns: Sequence[str], text: str, names: LabelNames, *, wanted: str | None = None, text_is_sure: bool = False
) -> LabelColumns:
    """Finds the columns of a label file.

    Args:
        columns: All of the file's columns.
        text: The one with the comments.
        names: What the causes may be called.
        wanted: The label column that the user named, if any; without it, one of `LABEL_COLUMNS`, or else
            one column for each cause.
        text_is_sure: Whether the user named the text column.

    Raises:
        ColumnError: no column says the causes, or more than one could.
    """
    if not text_is_sure and names.find(text):
        raise ColumnError(f"{text!r} is the name of a cause; name the column with the comments with --text-column NAME")
    label = None if wanted is None else named_column(columns, wanted, "--label-column")
    if label == text:
        raise ColumnError(f"the column {text!r} cannot hold both the comments and their labels; name two columns")
    others = [column for column in columns if column != text]
    optional = _optional(others, label)
    causes: dict[str, str] = {}
    if label is None:
        candidates = [column for column in others if column.strip().casefold() in LABEL_COLUMNS]
        causes = _cause_columns([c for c in others if c not in (*candidates, *optional.values())], names)
        if len(candidates) + bool(causes) != 1:
            raise ColumnError(_which(candidates, causes, columns))
        label = candidates[0] if candidates else None
    return LabelColumns(names, text, label, causes, optional)


def _optional(columns: Sequence[str], label: str | None) -> dict[str, str]:
    found: dict[str, str] = {}
    for column in columns:
        name = column.strip().casefold()
        if name in OPTIONAL_COLUMNS and column != label:
            if name in found:
                raise ColumnError(f"the columns {listed([found[name], column])} are called alike; rename one")
            found[name] = column
    return found


def _cause_columns(columns: Sequence[str], names: LabelNames) -> dict[str, str]:
    """The column of each cause, those that have none left out."""
    found: dict[str, str] = {}
    for column in columns:
        cause = names.find(column)
        if cause is not None and found.setdefault(cause, column) != column:
            raise ColumnError(f"the columns {listed([found[cause], column])} are both for {cause}; take one out")
    for column in columns if found else ():
        if column not in found.values() and names.nearly(column) - set(found):
            raise ColumnError(f"the column {column!r} is no cause, but nearly {names.nearest(column)}; rename it")
    return {cause: found[cause] for cause in (*names.taxonomy.ids, NONE) if cause in found}


def _listed_causes(value: Any, names: LabelNames) -> Sequence[str]:
    if not isinstance(value, list):
        return names.read_cell(text_of({"": value}, ""))
    if not all(isinstance(entry, str) for entry in value):
        raise LabelError(f"the labels must be texts, not {value!r}")
    found = {entry: names.find(entry) for entry in value}
    if unknown := [entry for entry, cause in found.items() if cause is None]:
        raise UnknownLabelError(*unknown)
    return [cause for cause in found.values() if cause is not None]


def _which(candidates: Sequence[str], causes: dict[str, str], columns: Sequence[str]) -> str:
    if not candidates:
        return (
            f"no column says the causes (called {', '.join(LABEL_COLUMNS)}, or one column for each cause); "
            f"name it with --label-column NAME; the columns are: {listed(columns)}"
        )
    both = listed([*candidates, *causes.values()])
    return f"more than one column could say the causes: {both}; name the right one with --label-column NAME"

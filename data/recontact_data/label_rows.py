"""The comments of a user's label file while it is read, and what is wrong with them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from recontact_data.comments import CommentReader, Row, text_of
from recontact_data.errors import LabelError, UnknownLabelError
from recontact_data.label_columns import LabelColumns
from recontact_data.label_names import LabelNames
from recontact_data.labels import LabelledComment
from recontact_data.taxonomy import NONE

MOST_SHOWN = 5
SHOWN_TEXT = 60


@dataclass
class LabelledRows:
    """The comments of one file.

    Attributes:
        reader: What reads the file.
        columns: Where the file says what.
        skip_empty: Whether rows without a text are left out rather than refused.
        comments: The comments so far.
        numbers: The line, or the row, of each.
        without_text: How many rows were left out.
        unknown: Labels that are no causes, and where each stands.
    """

    reader: CommentReader
    columns: LabelColumns
    skip_empty: bool
    comments: list[LabelledComment] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)
    without_text: int = 0
    unknown: dict[str, list[int]] = field(default_factory=dict)

    def add(self, number: int, row: Row) -> None:
        """Takes a row in; `number` is its line in a text file, else its row."""
        text = text_of(row, self.columns.text)
        if not text.strip():
            self._add_empty(number, row)
            return
        try:
            comment = self._comment(number, row, text)
        except UnknownLabelError as error:
            for value in dict.fromkeys(error.values):
                self.unknown.setdefault(value, []).append(number)
        except LabelError as error:
            raise LabelError(f"{self._place(number)}: {error}") from error
        else:
            self.comments.append(comment)
            self.numbers.append(number)

    def check(self) -> None:
        """Refuses what only the whole file shows: unknown labels, with their number, ids that stand twice, no rows."""
        check_known(self.reader.source.name, self.reader.counts, self.unknown, self.columns.names)
        first: dict[str, int] = {}
        for number, comment in zip(self.numbers, self.comments, strict=True):
            if (before := first.setdefault(comment.id, number)) != number:
                raise LabelError(
                    f"{self._place(number)}: id {comment.id!r} stands on {self.reader.counts} {before} too; "
                    "give each row its own, or call the column something else"
                )
        if not self.comments:
            raise LabelError(f"{self.reader.source.name} has no row with a text; nothing to learn from")

    def warnings(self) -> Iterator[str]:
        """Yields what a user should know of the rows."""
        if self.reader.bad_rows:
            yield f"broken rows set aside in {self.reader.bad_rows_path}: {self.reader.bad_rows}"
        if self.without_text:
            yield f"rows without a text left out: {self.without_text}"
        places: dict[str, list[int]] = {}
        for k, comment in enumerate(self.comments):
            places.setdefault(comment.text.strip(), []).append(k)
        odd = [same for same in places.values() if len({self.comments[k].labels for k in same}) > 1]
        if odd:
            shown = "; ".join(self._contradiction(same) for same in odd[:MOST_SHOWN])
            more = f"; and {len(odd) - MOST_SHOWN} more" if len(odd) > MOST_SHOWN else ""
            yield f"texts with different labels ({len(odd)}): {shown}{more}"

    def _comment(self, number: int, row: Row, text: str) -> LabelledComment:
        causes = self.columns.stated(row)
        return LabelledComment(
            id=self.columns.text_in("id", row) or f"{self.reader.source.path.name}:{number}",
            text=text,
            language=self.columns.text_in("language", row) or "und",
            labels=tuple(cause for cause in self.columns.names.taxonomy.ids if cause in causes),
            primary=self.columns.primary(row, causes),
            split=self.columns.split(row),
        )

    def _add_empty(self, number: int, row: Row) -> None:
        # Spreadsheets leave rows of empty cells behind, which are no rows.
        if all(not text_of(row, column).strip() for column in row):
            return
        if not self.skip_empty:
            raise LabelError(
                f"{self._place(number)}: the text is empty; write it, delete the row, or leave such rows out "
                "with --skip-bad-rows"
            )
        self.without_text += 1

    def _contradiction(self, same: Sequence[int]) -> str:
        labels = dict.fromkeys(self.comments[k].labels or (NONE,) for k in same)
        where = ", ".join(str(self.numbers[k]) for k in same[:MOST_SHOWN])
        said = " / ".join(";".join(causes) for causes in labels)
        return f"{self.comments[same[0]].text.strip()[:SHOWN_TEXT]!r} ({self.reader.counts}s {where}: {said})"

    def _place(self, number: int) -> str:
        return f"{self.reader.source.name}, {self.reader.counts} {number}"


def check_known(place: str, counts: str, unknown: Mapping[str, Sequence[int]], names: LabelNames) -> None:
    """Refuses a file that has labels which are no causes.

    Args:
        place: The file.
        counts: Whether the numbers are lines or rows.
        unknown: Where each such label stands.
        names: What the causes may be called.

    Raises:
        LabelError: there are some; says how many, and the nearest cause.
    """
    for value, numbers in unknown.items():
        count = "1 row has" if len(numbers) == 1 else f"{len(numbers)} rows have"
        more = f" (unknown labels in all: {len(unknown)})" if len(unknown) > 1 else ""
        raise LabelError(
            f"{place}, {counts} {numbers[0]}: label {value[:SHOWN_TEXT]!r} is no cause; {count} it{more}; the nearest "
            f"is {names.nearest(value)}; known: {', '.join((*names.taxonomy.ids, NONE))}"
        )

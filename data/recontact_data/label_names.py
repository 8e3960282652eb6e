"""Which cause a user's label means: an id or a name in any language, one or several in a cell."""

import difflib
import unicodedata
from collections.abc import Sequence

from recontact_data.errors import LabelError, UnknownLabelError
from recontact_data.taxonomy import NONE, Taxonomy

SEPARATORS = (";", "|", ",")
MOST_LABELS = 200
"""Parts of a cell from which it is prose, not labels."""
_COMPARED = 100


class LabelNames:
    """What the causes of a taxonomy, and none of them, may be called: ids and names, in any case and spacing."""

    def __init__(self, taxonomy: Taxonomy) -> None:
        self.taxonomy = taxonomy
        self._ids = {*taxonomy.ids, NONE}
        self._spellings: dict[str, str] = {}
        self._causes: dict[str, set[str]] = {}
        names = {cause.id: cause.name for cause in taxonomy} | {NONE: taxonomy.none_name}
        for cause, by_language in names.items():
            for written in (cause, *by_language.values()):
                self._causes.setdefault(_plain(written), set()).add(cause)
                self._spellings.setdefault(written, cause)
        # "Long wait, gave up" is one name: this many parts of a cell may belong together.
        self._most_parts = 1 + max(name.count(mark) for name in self._spellings for mark in SEPARATORS)

    def find(self, written: str) -> str | None:
        """Returns the cause id, or `none`, that a label means; None if it means no cause of the taxonomy.

        Raises:
            LabelError: more than one is called so.
        """
        if written in self._ids:
            return written
        found = self._causes.get(_plain(written), set())
        if len(found) > 1:
            raise LabelError(f"label {written!r} could be any of {', '.join(sorted(found))}; write the id")
        return next(iter(found), None)

    def read_cell(self, cell: str) -> tuple[str, ...]:
        """Returns the cause ids that a cell names, in its order, `none` among them if it stands there.

        Args:
            cell: No label, one, or several between `;`, or `|`, or `,` where no name is cut by it.

        Raises:
            UnknownLabelError: a label is no cause.
            LabelError: the cell can be read in more than one way.
        """
        mark = next((mark for mark in SEPARATORS if mark in cell), ";")
        parts = [part.strip() for part in cell.split(mark) if part.strip()]
        if len(parts) > MOST_LABELS:
            raise UnknownLabelError(cell.strip())
        readings = self._readings(parts, mark)
        if len(readings) > 1:
            raise LabelError(f"labels {cell!r} can be read in more than one way; write ids, with ; between them")
        if not readings:
            unknown = self._unknown(parts, mark)
            raise UnknownLabelError(*([cell.strip()] if mark == "," and unknown == parts else unknown))
        return readings[0]

    def nearest(self, written: str) -> str:
        """Returns the known label that is written most like one that is not known; a name with its id."""
        folded = {spelling.casefold(): spelling for spelling in self._spellings}
        (best,) = difflib.get_close_matches(written.casefold()[:_COMPARED], folded, n=1, cutoff=0.0)
        spelling, cause = folded[best], self._spellings[folded[best]]
        return repr(spelling) if spelling == cause else f"{spelling!r} ({cause})"

    def nearly(self, written: str) -> set[str]:
        """Returns the cause that a text names but for a slip of the pen, if any."""
        close = difflib.get_close_matches(_plain(written)[:_COMPARED], self._causes, n=1, cutoff=0.85)
        return self._causes[close[0]] if close else set()

    def _readings(self, parts: Sequence[str], mark: str) -> list[tuple[str, ...]]:
        """The ways to read parts as labels, each of one part or several; two at most, since two are too many."""
        found: list[list[tuple[str, ...]]] = [[] for _ in parts] + [[()]]
        for start in reversed(range(len(parts))):
            for end in range(start + 1, min(start + self._most_parts, len(parts)) + 1):
                cause = self.find(mark.join(parts[start:end])) if found[end] else None
                found[start] += [(cause, *rest) for rest in found[end]] if cause else []
            found[start] = list(dict.fromkeys(found[start]))[:2]
        return found[0]

    def _unknown(self, parts: Sequence[str], mark: str) -> list[str]:
        """The parts that belong to no label."""
        unknown, start = [], 0
        while start < len(parts):
            ends = range(min(start + self._most_parts, len(parts)), start, -1)
            end = next((end for end in ends if self.find(mark.join(parts[start:end]))), None)
            unknown += [parts[start]] if end is None else []
            start = end or start + 1
        return unknown


def _plain(written: str) -> str:
    """A label without what people write in more than one way: case, spaces, the underscores of ids, wide letters."""
    folded = unicodedata.normalize("NFKC", written).casefold().replace("_", " ")
    # Turkish capitals: I is that of a dotless i, and a dotted one folds to i and a dot.
    return "".join(folded.replace("\u0131", "i").replace("\u0307", "").split())

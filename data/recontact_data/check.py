"""Check: says what is wrong with labelled files, row by row, and what they cover.

`python -m recontact_data.check [FILE …]` checks the shipped files, or the ones named, and exits 1 if
anything is wrong.
"""

import argparse
import difflib
import re
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from recontact_data.errors import RecontactError
from recontact_data.labels import LABELLED, SPLITS, LabelledComment, problems, read_labelled
from recontact_data.taxonomy import NONE, Taxonomy, load_taxonomy

NEAR = 0.8


def check_rows(rows: Sequence[LabelledComment], taxonomy: Taxonomy) -> Iterator[tuple[str, str]]:
    """Yields (row id, what is wrong) for each row by itself and for rows that do not go together."""
    for row in rows:
        yield from ((row.id, problem) for problem in problems(row, taxonomy))
    for row_id, count in Counter(row.id for row in rows).items():
        if count > 1:
            yield row_id, f"the id stands {count} times"
    yield from _pair_problems(rows)
    yield from near_duplicates(rows)
    yield from _coverage_problems(rows, taxonomy)


def _pair_problems(rows: Sequence[LabelledComment]) -> Iterator[tuple[str, str]]:
    pairs: dict[str, list[LabelledComment]] = {}
    for row in rows:
        if row.pair:
            pairs.setdefault(row.pair, []).append(row)
    for name, members in pairs.items():
        if len(members) != 2:
            yield members[0].id, f"pair {name} has {len(members)} rows; a contrast pair has two"
        elif members[0].labels == members[1].labels:
            yield members[0].id, f"pair {name} has the same labels on both rows"
        elif members[0].split != members[1].split:
            yield members[0].id, f"pair {name} sits across {members[0].split} and {members[1].split}"


def near_duplicates(rows: Sequence[LabelledComment]) -> Iterator[tuple[str, str]]:
    """Yields rows of one language, not of one pair, whose texts are alike (difflib ratio above 0.8)."""
    for language in sorted({row.language for row in rows}):
        own = [row for row in rows if row.language == language]
        # A text of emoji or signs only would lose all it says, so it stays as it is.
        texts = [re.sub(r"\W+", " ", row.text.casefold()).strip() or row.text for row in own]
        for i, j in _sharing_pairs(texts):
            if own[i].pair and own[i].pair == own[j].pair:
                continue
            if difflib.SequenceMatcher(None, texts[j], texts[i], autojunk=False).ratio() > NEAR:
                yield own[i].id, f"nearly the same as {own[j].id}"


def _sharing_pairs(texts: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Yields (later, earlier) texts of like length that share a third of their letter trigrams.

    The full comparison takes a hundred times as long; texts with a ratio above `NEAR` pass this one.
    """
    grams = [{text[k : k + 3] for k in range(max(1, len(text) - 2))} for text in texts]
    for i, text in enumerate(texts):
        for j in range(i):
            shorter, longer = sorted((len(text), len(texts[j])))
            if 2 * shorter <= NEAR * (shorter + longer):
                continue
            if 6 * len(grams[i] & grams[j]) >= len(grams[i]) + len(grams[j]):
                yield i, j


def _coverage_problems(rows: Sequence[LabelledComment], taxonomy: Taxonomy) -> Iterator[tuple[str, str]]:
    for language in sorted({row.language for row in rows}):
        tested = Counter(
            c for row in rows if row.language == language and row.split == "test" for c in row.labels or (NONE,)
        )
        for cause in (*taxonomy.ids, NONE):
            if not tested[cause]:
                yield language, f"the test split has no {cause}"


def coverage(rows: Sequence[LabelledComment], taxonomy: Taxonomy) -> str:
    """A table of rows by language and split, and by cause."""
    lines = [f"{'language':<9}" + "".join(f"{split:>11}" for split in SPLITS) + f"{'several':>9}{'pairs':>7}"]
    for language in sorted({row.language for row in rows}):
        own = [row for row in rows if row.language == language]
        splits = Counter(row.split for row in own)
        several = sum(len(row.labels) > 1 for row in own)
        pairs = len({row.pair for row in own if row.pair})
        lines.append(f"{language:<9}" + "".join(f"{splits[s]:>11}" for s in SPLITS) + f"{several:>9}{pairs:>7}")
    lines.append("")
    lines.append(f"{'cause':<18}" + "".join(f"{language:>6}" for language in sorted({r.language for r in rows})))
    for cause in (*taxonomy.ids, NONE):
        counts = Counter(row.language for row in rows if cause in (row.labels or (NONE,)))
        lines.append(f"{cause:<18}" + "".join(f"{counts[c]:>6}" for c in sorted({r.language for r in rows})))
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> int:
    """Checks files and prints what is wrong; returns the exit code."""
    parser = argparse.ArgumentParser(prog="recontact_data.check", description=main.__doc__)
    parser.add_argument("files", nargs="*", type=Path, help="labelled JSONL files; default: the shipped ones")
    parser.add_argument("--taxonomy", type=Path, help="a taxonomy of your own (causes.yaml)")
    options = parser.parse_args(arguments)
    write = sys.stdout.write
    try:
        taxonomy = load_taxonomy(options.taxonomy)
        rows = [row for path in options.files or sorted(LABELLED.glob("*.jsonl")) for row in read_labelled(path)]
    except RecontactError as error:
        write(f"error: {error}\n")
        return 1
    found = list(check_rows(rows, taxonomy))
    for where, problem in found:
        write(f"{where}: {problem}\n")
    write(coverage(rows, taxonomy) + f"\n{len(rows)} rows, {len(found)} problems\n")
    return 1 if found else 0


if __name__ == "__main__":
    raise SystemExit(main())

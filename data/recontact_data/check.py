"""Check: says what is wrong with labelled files, row by row, and what they cover.

`python -m recontact_data.check [FILE …]` checks the shipped files, or the ones named, and exits 1 if
anything is wrong. The shipped files are held to `labelled/coverage.yaml` too.
"""

import argparse
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from recontact_data.agreement import (
    REAL_READING,
    SECOND_READING,
    agreement,
    agreement_table,
    read_readings,
    reading_problems,
)
from recontact_data.behaviour import behaviour_files, kinds_table, read_cases, shipped_problems
from recontact_data.coverage import Coverage, coverage_of, coverage_table, read_required, shortfalls
from recontact_data.errors import LabelError, RecontactError
from recontact_data.labels import LABELLED, LabelledComment, labelled_files, pair_problems, problems, read_labelled
from recontact_data.near_duplicates import near_duplicates
from recontact_data.ngram_baseline import easiness
from recontact_data.real_index import index_problems, read_index
from recontact_data.taxonomy import NONE, Taxonomy, load_taxonomy


def check_rows(rows: Sequence[LabelledComment], taxonomy: Taxonomy) -> Iterator[tuple[str, str]]:
    """Yields (row id, what is wrong) for each row by itself and for rows that do not go together."""
    for row in rows:
        yield from ((row.id, problem) for problem in problems(row, taxonomy))
    for row_id, count in Counter(row.id for row in rows).items():
        if count > 1:
            yield row_id, f"the id stands {count} times"
    yield from pair_problems(rows)
    yield from near_duplicates(rows)
    yield from _untested_causes(rows, taxonomy)


def _untested_causes(rows: Sequence[LabelledComment], taxonomy: Taxonomy) -> Iterator[tuple[str, str]]:
    for language in sorted({row.language for row in rows}):
        tested = Counter(
            c for row in rows if row.language == language and row.split == "test" for c in row.labels or (NONE,)
        )
        for cause in (*taxonomy.ids, NONE):
            if not tested[cause]:
                yield language, f"the test split has no {cause}"


def check_shipped(
    rows: Sequence[LabelledComment], languages: Mapping[str, Coverage], taxonomy: Taxonomy
) -> Iterator[tuple[str, str]]:
    """Yields (where, what is wrong) for the shipped set: coverage, readings, real comments, behavioural cases."""
    required = read_required()
    yield from shortfalls(languages, taxonomy, required)
    readings = read_readings(SECOND_READING)
    yield from reading_problems(readings, {r.id: r.language for r in rows}, taxonomy, required["second_reading"])
    for cause, kappa in agreement(readings, taxonomy).kappas.items():
        if not kappa >= required["kappa"]:
            yield SECOND_READING.name, f"kappa of {cause} is {kappa:.3f}; at least {required['kappa']} is wanted"
    index = read_index()
    yield from index_problems(index, taxonomy)
    yield from reading_problems(read_readings(REAL_READING), {r.id: r.language for r in index}, taxonomy, 1.0)
    yield from shipped_problems(read_cases(behaviour_files(), taxonomy), rows)


def check_easiness(
    rows: Sequence[LabelledComment], taxonomy: Taxonomy, write: Callable[[str], object]
) -> Iterator[tuple[str, str]]:
    """Writes how far n-grams get, and yields what is wrong if they get too far."""
    reached, most = easiness(rows, taxonomy), read_required()["easiness"]
    write(f"easiness: n-grams reach a macro-F1 of {reached:.3f} on the test split (at most {most})\n")
    if reached > most:
        yield "test split", f"n-grams reach {reached:.3f}, at most {most} is wanted; rewrite stock phrases"


def _write_shipped_tables(write: Callable[[str], object], taxonomy: Taxonomy) -> None:
    write("Second reading, Cohen's kappa:\n\n")
    write(agreement_table(agreement(read_readings(SECOND_READING), taxonomy)) + "\n\n")
    write("Behavioural cases:\n\n")
    write(kinds_table(read_cases(behaviour_files(), taxonomy)) + "\n\n")


def main(arguments: Sequence[str] | None = None) -> int:
    """Checks files and prints what is wrong and what they cover; returns the exit code."""
    parser = argparse.ArgumentParser(prog="recontact_data.check", description=main.__doc__)
    parser.add_argument("files", nargs="*", type=Path, help="labelled JSONL files; default: the shipped ones")
    parser.add_argument("--taxonomy", type=Path, help="a taxonomy of your own (causes.yaml)")
    parser.add_argument("--easiness", action="store_true", help="measure how far n-grams get (needs the train extra)")
    options = parser.parse_args(arguments)
    write = sys.stdout.write
    try:
        taxonomy = load_taxonomy(options.taxonomy)
        rows = [row for path in options.files or labelled_files() for row in read_labelled(path)]
        if not rows:
            raise LabelError("there are no comments to check; name files that hold some")
        codes = sorted({row.language for row in rows})
        languages = {code: coverage_of([row for row in rows if row.language == code]) for code in codes}
        found = list(check_rows(rows, taxonomy))
        if not options.files:
            found += check_shipped(rows, languages, taxonomy)
        if options.easiness:
            found += check_easiness(rows, taxonomy, write)
    except RecontactError as error:
        write(f"error: {error}\n")
        return 1
    write(coverage_table(languages, taxonomy) + "\n\n")
    if not options.files:
        _write_shipped_tables(write, taxonomy)
    for where, problem in found:
        write(f"{where}: {problem}\n")
    where = "the named files" if options.files else str(LABELLED)
    write(f"{len(rows)} rows in {where}, {len(found)} problems\n")
    return 1 if found else 0


if __name__ == "__main__":
    raise SystemExit(main())

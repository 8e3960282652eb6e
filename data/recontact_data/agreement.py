"""Agreement: how far two readers of the same comments agree, cause by cause.

A file of readings holds one JSON object a comment: `id`, and the causes and the primary one that each
reader named before differences were settled. `python -m recontact_data.agreement [FILE …]` prints kappas.
"""

import argparse
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from recontact_data.errors import LabelError, RecontactError
from recontact_data.json_rows import check_lists, check_texts, read_json_rows
from recontact_data.labels import LABELLED
from recontact_data.taxonomy import NONE, Taxonomy, load_taxonomy

SECOND_READING = LABELLED / "second-reading.jsonl"
"""A fifth of the shipped comments, read twice."""
REAL_READING = LABELLED / "real-second-reading.jsonl"
"""The real comments of the shipped index, read twice."""


@dataclass(frozen=True)
class Reading:
    """What two readers of one comment named: causes, and the primary one or `none`."""

    id: str
    first: tuple[str, ...]
    first_primary: str
    second: tuple[str, ...]
    second_primary: str


@dataclass(frozen=True)
class Agreement:
    """How far two readers agree.

    Attributes:
        readings: Number of comments that both read.
        kappas: Cohen's kappa (1960) of each cause and `none`; NaN where both readers always said the same one thing.
        exact: Share of comments for which both named the same causes.
        primary: Share of comments for which both named the same primary cause.
    """

    readings: int
    kappas: Mapping[str, float]
    exact: float
    primary: float


def read_readings(path: Path) -> list[Reading]:
    """Reads a file of readings.

    Raises:
        LabelError: the file cannot be read, or a line is no reading; names the file and the line.
    """
    readings = []
    for number, row in read_json_rows(path):
        try:
            check_texts(row, "id", "first_primary", "second_primary")
            check_lists(row, "first", "second")
            readings.append(Reading(**{**row, "first": tuple(row["first"]), "second": tuple(row["second"])}))
        except (LabelError, TypeError) as error:
            raise LabelError(f"{path} line {number} is no reading: {error}") from error
    return readings


def cohen_kappa(first: Sequence[bool], second: Sequence[bool]) -> float:
    """Agreement of two yes-or-no readers beyond chance; NaN where both always say the same one thing."""
    n = len(first)
    if not n:
        return float("nan")
    agreed = sum(a == b for a, b in zip(first, second, strict=True)) / n
    yes = (sum(first) / n, sum(second) / n)
    chance = yes[0] * yes[1] + (1 - yes[0]) * (1 - yes[1])
    return (agreed - chance) / (1 - chance) if chance < 1 else float("nan")


def agreement(readings: Sequence[Reading], taxonomy: Taxonomy) -> Agreement:
    """Kappa of every cause and of `none`, and the shares of comments agreed on."""
    n = len(readings) or float("nan")
    return Agreement(
        readings=len(readings),
        kappas={
            cause: cohen_kappa(
                [cause in (r.first or (NONE,)) for r in readings], [cause in (r.second or (NONE,)) for r in readings]
            )
            for cause in (*taxonomy.ids, NONE)
        },
        exact=sum(set(r.first) == set(r.second) for r in readings) / n,
        primary=sum(r.first_primary == r.second_primary for r in readings) / n,
    )


def reading_problems(
    readings: Sequence[Reading], languages: Mapping[str, str], taxonomy: Taxonomy, share: float
) -> Iterator[tuple[str, str]]:
    """Yields (where, what is wrong) with readings: twice, of no row, of unknown causes, too few of a language.

    Args:
        readings: Both readings of some comments.
        languages: Language of every comment by its id.
        taxonomy: The causes.
        share: Share of the comments of each language that must have been read twice.
    """
    for row_id, count in Counter(r.id for r in readings).items():
        if count > 1:
            yield row_id, f"was read {count} times by the second reader"
        if row_id not in languages:
            yield row_id, "was read by the second reader and is not there; take the reading out"
    for r in readings:
        for causes, primary in ((r.first, r.first_primary), (r.second, r.second_primary)):
            if unknown := sorted(set(causes) - set(taxonomy.ids)):
                yield r.id, f"a reader named {unknown[0]!r}, which is no cause; known: {', '.join(taxonomy.ids)}"
            if primary not in (causes or (NONE,)):
                yield r.id, f"a reader's primary {primary!r} is not among the causes {list(causes)}"
    read = Counter(languages[r.id] for r in readings if r.id in languages)
    for code, total in Counter(languages.values()).items():
        if read[code] < share * total:
            yield code, f"{read[code]} of {total} comments had a second reading; {share:.0%} are wanted"


def agreement_table(found: Agreement) -> str:
    """A Markdown table of the kappas, with the shares agreed on in the last line."""
    lines = ["| cause | kappa |", "| --- | --- |", *(f"| {cause} | {k:.2f} |" for cause, k in found.kappas.items())]
    lines += ["", f"{found.readings} comments; same causes {found.exact:.3f}, same primary cause {found.primary:.3f}"]
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> int:
    """Prints how far the readers of files agree; returns the exit code."""
    parser = argparse.ArgumentParser(prog="recontact_data.agreement", description=main.__doc__)
    parser.add_argument("files", nargs="*", type=Path, help="files of readings; default: the shipped ones")
    options = parser.parse_args(arguments)
    try:
        for path in options.files or (SECOND_READING, REAL_READING):
            table = agreement_table(agreement(read_readings(path), load_taxonomy()))
            sys.stdout.write(f"{path.name}\n{table}\n\n")
    except RecontactError as error:
        sys.stdout.write(f"error: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

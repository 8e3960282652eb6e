"""Drafts: comments with their evidence in brackets, as people write them, turned into labelled rows.

A draft line is `industry channel ## text with [cause|the words that state it] ## key=value …`; the
third part may hold `primary=CAUSE`, `pair=NUMBER` and `tags=a,b`. `[a+b|words]` marks two causes at once.
`python -m recontact_data.draft DRAFT… --language nb -o nb.jsonl` adds drafts to a labelled file, or makes it.
"""

import argparse
import re
import sys
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from recontact_data.errors import LabelError, RecontactError
from recontact_data.labels import SPLITS, LabelledComment, Span, pair_problems, problems, read_labelled, write_labelled
from recontact_data.near_duplicates import near_duplicates
from recontact_data.splits import assign_splits
from recontact_data.taxonomy import NONE, Taxonomy, load_taxonomy

MARK = re.compile(r"\[([a-z_0-9+]+)\|([^\[\]]+)\]")


def parse_marked(marked: str) -> tuple[str, tuple[Span, ...]]:
    """Takes the brackets out of a text and returns it with the spans they marked.

    Raises:
        LabelError: a bracket is left over, or marks nothing but spaces.
    """
    text, spans, end = "", [], 0
    for mark in MARK.finditer(marked):
        text += marked[end : mark.start()]
        words = mark[2].strip()
        if not words:
            raise LabelError(f"the bracket {mark[0]!r} marks no words")
        start = len(text) + mark[2].index(words)
        spans += [Span(cause, start, start + len(words)) for cause in mark[1].split("+")]
        text += mark[2]
        end = mark.end()
    text += marked[end:]
    if "[" in text or "]" in text:
        raise LabelError(
            f"a bracket that marks no cause in {marked[:80]!r}; write [cause|words], the cause in lower case, "
            "every bracket closed and none inside another"
        )
    return text, tuple(spans)


def parse_draft_line(line: str, language: str, taxonomy: Taxonomy) -> LabelledComment:
    """Reads one draft line; `id` and `split` are left empty.

    Raises:
        LabelError: the line is not of the form this module describes, or something in it is unknown.
    """
    parts = [part.strip() for part in line.split("##")]
    head = parts[0].split()
    if len(parts) not in (2, 3) or len(head) != 2:
        raise LabelError("a draft line needs `industry channel ## text`, with `## key=value` if wanted")
    text, spans = parse_marked(parts[1].replace("\\n", "\n"))
    options = dict(option.partition("=")[::2] for option in (parts[2].split() if len(parts) == 3 else ()))
    if unknown := sorted(set(options) - {"primary", "pair", "tags"}):
        raise LabelError(f"unknown key {unknown[0]!r}; known: primary, pair, tags, each as key=value without a space")
    stated = {span.cause for span in spans}
    if strange := sorted(stated - set(taxonomy.ids)):
        raise LabelError(f"{strange[0]!r} is not a cause; known: {', '.join(taxonomy.ids)}")
    first = min(spans, key=lambda span: span.start).cause if spans else NONE
    row = LabelledComment(
        id="",
        text=text,
        language=language,
        labels=tuple(cause for cause in taxonomy.ids if cause in stated),
        primary=options.get("primary", first),
        evidence=spans,
        industry=head[0],
        channel=head[1],
        source="written",
        pair=f"{language}-{options['pair']}" if "pair" in options else None,
        phenomena=tuple(tag for tag in options.get("tags", "").split(",") if tag),
    )
    for problem in problems(replace(row, split=SPLITS[0]), taxonomy):
        raise LabelError(problem)
    return row


def read_drafts(paths: Iterable[Path], language: str, taxonomy: Taxonomy, start: int = 1) -> list[LabelledComment]:
    """Reads draft files of one language and numbers their rows `<language>-<start>` on.

    A pair is named by the id of its first row, so pairs of different files stay apart.

    Raises:
        LabelError: names the file and line that is not valid.
    """
    rows: list[LabelledComment] = []
    firsts: dict[tuple[Path, str], str] = {}
    for path in paths:
        for number, line in enumerate(_lines(path), start=1):
            if not line.strip() or line.startswith("#"):
                continue
            try:
                row = parse_draft_line(line, language, taxonomy)
            except LabelError as error:
                raise LabelError(f"{path} line {number}: {error}") from error
            row = replace(row, id=f"{language}-{start + len(rows):04d}")
            pair = firsts.setdefault((path, row.pair), row.id) if row.pair else None
            rows.append(replace(row, pair=pair))
    return rows


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise LabelError(f"{path} is not UTF-8 (byte {error.start + 1}); save it as UTF-8") from error


def add_drafts(
    output: Path, drafts: Iterable[Path], language: str, taxonomy: Taxonomy, split: str | None = None
) -> int:
    """Adds drafts to a labelled file, or makes it; rows already there stay as they are. Returns how many were added.

    Args:
        output: The labelled file.
        drafts: Draft files, in the order of the ids.
        language: Of all of them.
        taxonomy: The causes.
        split: The one that all drafts join, so that the others stay comparable; None to share them out.

    Raises:
        LabelError: a draft is not valid, says what another comment says, lacks the other half of its pair, or is
            of another language than the file.
    """
    rows = read_labelled(output) if output.exists() else []
    if others := sorted({row.language for row in rows} - {language}):
        raise LabelError(f"{output} holds comments in {others[0]!r}, the drafts are in {language!r}; use another file")
    highest = max((int(row.id.rpartition("-")[2]) for row in rows if row.id.rpartition("-")[2].isdigit()), default=0)
    added = [replace(row, split=split or "") for row in read_drafts(drafts, language, taxonomy, start=highest + 1)]
    known = {row.text: row.id for row in rows}
    for row in added:
        if row.text in known:
            raise LabelError(f"{row.text[:60]!r} is {known[row.text]} of {output} already; take it out of the draft")
        known[row.text] = row.id
    texts = {row.id: row.text for row in added}
    for row_id, problem in (*pair_problems(added), *near_duplicates([*rows, *added])):
        if row_id in texts:
            raise LabelError(f"{texts[row_id][:60]!r}: {problem}; mend the draft")
    write_labelled(output, assign_splits([*rows, *added]))
    return len(added)


def main(arguments: Sequence[str] | None = None) -> int:
    """Adds draft files of one language to a labelled file; rows already there keep their id and split."""
    parser = argparse.ArgumentParser(prog="recontact_data.draft", description=main.__doc__)
    parser.add_argument("drafts", nargs="+", type=Path, help="draft files, in the order of the ids")
    parser.add_argument("--language", required=True, help="language code, such as nb")
    parser.add_argument("-o", "--output", required=True, type=Path, help="labelled JSONL file to add to or to make")
    parser.add_argument("--split", choices=SPLITS, help="the split that all drafts join; default: shared out")
    options = parser.parse_args(arguments)
    try:
        added = add_drafts(options.output, options.drafts, options.language, load_taxonomy(), options.split)
    except (RecontactError, OSError) as error:
        sys.stdout.write(f"error: {error}\n")
        return 1
    sys.stdout.write(f"{added} {'row' if added == 1 else 'rows'} added to {options.output}\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

"""`recontact classify`: a file of comments in, the same file with causes out."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from rich.console import Console

    from recontact_data.comments import CommentReader
    from recontact_data.taxonomy import Taxonomy
    from recontact_serving.batch import Summary

EXAMPLES = """
Examples:

  recontact classify survey.csv
  recontact classify survey.xlsx -o causes.xlsx --text-column "Why did you contact us?"
  recontact classify survey.csv --min-precision 0.8 --evidence
  recontact classify survey.csv --redact
  cat comments.jsonl | recontact classify - > causes.jsonl
"""


def classify(
    source: Annotated[
        str, typer.Argument(metavar="IN", help="CSV, TSV, XLSX, Parquet or JSONL; - for standard input.")
    ],
    output: Annotated[
        str | None,
        typer.Option("-o", "--output", help="File to write; its suffix sets the format. Default: IN.causes.* here."),
    ] = None,
    text_column: Annotated[str | None, typer.Option(help="Column that holds the comments.")] = None,
    model: Annotated[Path | None, typer.Option(help="Model folder. Default: the bundled model.")] = None,
    min_precision: Annotated[
        float | None,
        typer.Option(min=0.5, max=0.99, help="State a cause only where it is right in at least this share, e.g. 0.8."),
    ] = None,
    evidence: Annotated[
        bool, typer.Option("--evidence", help="Add the words that state each cause, in columns evidence_<cause>.")
    ] = False,
    redact: Annotated[
        bool,
        typer.Option(
            "--redact",
            help="Mask e-mail addresses, phone, card, account and id numbers in the comments; "
            "other columns, and broken rows set aside, stay as they are.",
        ),
    ] = False,
    encoding: Annotated[str | None, typer.Option(help="Encoding of a text file, such as cp1252.")] = None,
    format: Annotated[
        str | None, typer.Option(help="Format of standard input: csv, tsv, xlsx, parquet, jsonl.")
    ] = None,
    skip_bad_rows: Annotated[bool, typer.Option("--skip-bad-rows", help="Set broken rows aside in a file.")] = False,
) -> None:
    """Find the causes that each comment of a file states."""
    from rich.console import Console

    from recontact import CauseClassifier
    from recontact_serving.batch import classify_file

    console = Console(stderr=True)
    target = _target(source, output)
    classifier = CauseClassifier.load(model, min_precision=min_precision)
    for cause, best in classifier.out_of_reach.items():
        reached = f"at best {best}" if best else "none from 0.5 on"
        typer.echo(f"{cause} is never stated: precision {min_precision} is out of its reach ({reached})", err=True)
    with _Bar(console) as bar:
        summary = classify_file(
            classifier,
            "-" if source == "-" else Path(source),
            "-" if target == "-" else Path(target),
            text_column=text_column,
            encoding=encoding,
            format=format,
            skip_bad_rows=skip_bad_rows,
            evidence=evidence,
            redact=redact,
            progress=bar.update,
        )
    show(console, summary, classifier.taxonomy, target)
    if redact:
        console.print(_masked(summary), highlight=False, markup=False, soft_wrap=True)


classify.__doc__ = f"{classify.__doc__}\n{EXAMPLES}"


def _target(source: str, output: str | None) -> str:
    if output is not None or source == "-":
        return output or "-"
    path = Path(source)
    target = Path(f"{path.stem}.causes{path.suffix}")
    if target.exists():
        raise typer.BadParameter(f"{target} is already here; name the output with -o", param_hint="-o")
    return str(target)


class _Bar:
    """A progress bar over rows, or bytes where the number of rows is not known beforehand."""

    def __init__(self, console: "Console") -> None:
        from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

        self._progress = Progress(
            TextColumn("classifying"), BarColumn(), TextColumn("{task.fields[rows]} comments"), TimeRemainingColumn(),
            console=console, transient=True, disable=not console.is_terminal,
        )  # fmt: skip
        self._task = self._progress.add_task("", total=None, rows=0)

    def __enter__(self) -> "_Bar":
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def update(self, done: int, reader: "CommentReader") -> None:
        """Moves the bar to `done` rows."""
        total = reader.total_rows or reader.bytes_total
        completed = done if reader.total_rows else reader.bytes_read
        self._progress.update(self._task, total=total, completed=completed or 0, rows=done)


def _masked(summary: "Summary") -> str:
    kinds = ", ".join(f"{kind} {count}" for kind, count in summary.redacted_kinds.most_common())
    comments = "1 comment" if summary.redacted == 1 else f"{summary.redacted} comments"
    return f"{comments} had personal data, now masked" + (f" ({kinds})" if kinds else "")


def show(console: "Console", summary: "Summary", taxonomy: "Taxonomy", target: str) -> None:
    """Prints what was found: causes and their shares, then one line each on comments, languages and speed."""
    from rich.table import Table

    from recontact_data.taxonomy import NONE

    table = Table("cause", "", title="Why customers had to contact again", title_justify="left")
    table.add_column("comments", justify="right")
    table.add_column("share", justify="right")
    whole = max(summary.comments, 1)
    for cause in (*taxonomy.ids, NONE):
        count = summary.causes[cause]
        mark = "main" if cause in taxonomy.main_ids else ""
        table.add_row(taxonomy.name(cause), mark, str(count), f"{count / whole:.1%}")
    console.print(table)

    # A path is copied as it stands: never broken over lines, nor read as markup.
    def line(text: str) -> None:
        console.print(text, highlight=False, markup=False, soft_wrap=True)

    languages = ", ".join(f"{code} {count}" for code, count in summary.languages.most_common())
    line(f"{summary.comments} comments ({languages}); a comment can state several causes")
    line(f"{summary.needs_review} need review ({summary.needs_review / whole:.0%})")
    if summary.truncated:
        line(f"{summary.truncated} were too long to be read to the end")
    if summary.bad_rows:
        line(f"{summary.bad_rows} broken rows set aside in {summary.bad_rows_path}")
    rate = summary.comments / max(summary.seconds, 1e-9)
    where = "standard output" if target == "-" else target
    line(f"{rate:.0f} comments/s; written to {where}")

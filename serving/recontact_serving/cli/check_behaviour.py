"""`recontact check-behaviour`: how often a model fails cases that each try one thing."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rich.console import Console

    from recontact import CauseClassifier
    from recontact_data.behaviour import BehaviourCase
    from recontact_training.behaviour import BehaviourReport, Figures, Verdict

NO_EDGE = 1000
"""Columns where the output is no terminal, so that no name is broken over lines."""


def check_behaviour(
    model: Annotated[str, typer.Argument(help="Model folder, or `bundled`.")],
    files: Annotated[list[Path] | None, typer.Argument(metavar="[FILES…]", help="Default: the shipped cases.")] = None,
    language: Annotated[list[str] | None, typer.Option(help="Only cases in this language; may be repeated.")] = None,
    kind: Annotated[list[str] | None, typer.Option(help="Only cases of this kind; may be repeated.")] = None,
    examples: Annotated[int, typer.Option(min=0, help="Show this many failing cases of each kind.")] = 0,
    max_failure: Annotated[
        float | None, typer.Option(min=0, max=1, help="Exit 1 if a kind fails in a larger share of its cases.")
    ] = None,
    output: Annotated[Path | None, typer.Option("-o", "--output", help="Write the figures as JSON.")] = None,
) -> None:
    """Show how often a model fails behavioural cases, by kind and by language, worst kind first.

    A case with one text fails when a cause it states is not found, or one it must not have is.
    A case with two, an original and a variant (typos, other names, …), fails when the two answers differ in their
    causes; "wrong" is the share whose variant is answered wrongly, whatever the original got.
    All figures are percentages; 95% is the Wilson interval.

    Examples:
      recontact check-behaviour bundled --examples 2
      recontact check-behaviour my-model --language de --language nb -o behaviour.json
      recontact check-behaviour my-model cases.jsonl --max-failure 0.15
    """
    from rich.console import Console

    from recontact import CauseClassifier
    from recontact_data.behaviour import behaviour_files, read_cases
    from recontact_data.output_file import check_writable
    from recontact_data.writers import write_json

    if output is not None:
        check_writable(output)
    classifier = CauseClassifier.load(None if model == "bundled" else model)
    cases = _chosen(read_cases(files or behaviour_files(), classifier.taxonomy), language, kind)
    report = _judged(classifier, cases, examples)
    console = Console()
    if not console.is_terminal:
        console.width = NO_EDGE
    show(console, report, title=f"{classifier.model_version}, {len(cases):,} behavioural cases")
    if output is not None:
        write_json(output, {classifier.model_version: report.to_dict()})
    if max_failure is not None:
        _check_failures(report, max_failure)


def _chosen(
    cases: "Sequence[BehaviourCase]", languages: list[str] | None, kinds: list[str] | None
) -> "list[BehaviourCase]":
    """The cases of the languages and kinds asked for, each of which must be there."""
    for option, asked, there in (
        ("--language", languages, sorted({case.language for case in cases})),
        ("--kind", kinds, list(dict.fromkeys(case.kind for case in cases))),
    ):
        if unknown := [name for name in asked or () if name not in there]:
            raise typer.BadParameter(f"no case has {unknown[0]!r}; there are {', '.join(there)}", param_hint=option)
    return [
        case
        for case in cases
        if case.language in (languages or [case.language]) and case.kind in (kinds or [case.kind])
    ]


def _judged(classifier: "CauseClassifier", cases: "Sequence[BehaviourCase]", examples: int) -> "BehaviourReport":
    from rich.console import Console
    from rich.progress import Progress

    from recontact_training.behaviour import failures

    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("classifying", total=sum(len(case.texts) for case in cases))
        return failures(classifier, cases, examples, lambda done: bar.update(task, completed=done))


def _check_failures(report: "BehaviourReport", limit: float) -> None:
    from recontact_data.errors import BehaviourError

    above = {kind: own.failures for kind, own in _worst_first(report) if own.failures.share > limit}
    if above:
        named = ", ".join(f"{kind} ({rate.count} of {rate.cases})" for kind, rate in above.items())
        raise BehaviourError(
            f"more than {limit:.1%} of the cases fail in {len(above)} of {len(report.kinds)} kinds: {named}; "
            "--examples shows some of them"
        )


def _worst_first(report: "BehaviourReport") -> "list[tuple[str, Figures]]":
    return sorted(report.kinds.items(), key=lambda entry: -entry[1].failures.share)


def show(console: "Console", report: "BehaviourReport", title: str) -> None:
    """Prints the figures of each kind, worst first, of groups and of all; then the examples the report holds."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    table = Table("kind", title=title, title_justify="left", box=SIMPLE_HEAD, show_edge=False, padding=(0, 1, 0, 0))
    for name in ("cases", "failed", "95%", "wrong", *report.languages):
        table.add_column(name, justify="right", no_wrap=True)
    sections = [_worst_first(report), [*report.groups.items(), ("all", report.all)]]
    for section in sections:
        table.add_section()
        for name, own in section:
            table.add_row(name, *_cells(own, list(report.languages)))
    console.print(table)
    for kind, own in _worst_first(report):
        for line in _example_lines(kind, own):
            # A comment is shown as it stands: never read as markup, nor broken over lines.
            console.print(line, highlight=False, markup=False, soft_wrap=True)


def _cells(own: "Figures", languages: list[str]) -> list[str]:
    rate = own.failures
    by_language = [f"{100 * own.parts[code].share:.0f}" if code in own.parts else "" for code in languages]
    return [
        str(rate.cases),
        f"{100 * rate.share:.1f}",
        f"{100 * rate.low:.0f}-{100 * rate.high:.0f}",
        f"{100 * own.wrong.share:.1f}" if own.wrong else "",
        *by_language,
    ]


def _example_lines(kind: str, own: "Figures") -> "Iterator[str]":
    from recontact_data.behaviour import KINDS

    if own.examples:
        yield f"\n{kind}: {KINDS[kind].tries}"
    for verdict in own.examples:
        yield from _verdict_lines(verdict)


def _verdict_lines(verdict: "Verdict") -> "Iterator[str]":
    from recontact_data.taxonomy import NONE

    for text, causes in zip(verdict.case.texts, verdict.found, strict=True):
        yield f"  {verdict.case.language}  {', '.join(causes) or NONE}: {' '.join(text.split())}"
    for name, causes in (("missing", verdict.missing), ("unwanted", verdict.unwanted)):
        if causes:
            yield f"      {name}: {', '.join(causes)}"

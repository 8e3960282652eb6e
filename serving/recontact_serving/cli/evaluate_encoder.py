"""`recontact evaluate-encoder`: what encoders know before they are fine-tuned, side by side."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from rich.console import Console

    from recontact_training.probe import EncoderFigures


def evaluate_encoder(
    encoders: Annotated[list[str], typer.Argument(help="Transformers folders or hub names.")],
    corpus: Annotated[Path, typer.Option(help="Folder with heldout/<set>.en-<lang>.tsv.")],
    baselines: Annotated[
        bool, typer.Option("--baselines", help="Add the first encoder with random weights, and character TF-IDF.")
    ] = False,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="Write the figures as JSON, after each encoder.")
    ] = None,
) -> None:
    """Show how well encoders find translations and tell causes, in the own language and from others.

    A text's vector is the mean of the states of its pieces, for every encoder.

    Examples:
      recontact evaluate-encoder encoder all-MiniLM-L6-v2 --corpus corpus --baselines
    """
    from rich.console import Console

    from recontact_data.errors import MissingExtraError
    from recontact_data.labels import load_labelled
    from recontact_data.output_file import check_writable
    from recontact_data.taxonomy import load_taxonomy
    from recontact_data.writers import write_json

    if output is not None:
        check_writable(output)
    try:
        from recontact_training.probe import LONGEST, evaluate_ngrams
        from recontact_training.probe import evaluate_encoder as figures_of
        from recontact_training.sentence_vectors import SentenceEncoder
    except ImportError as error:
        raise MissingExtraError("recontact evaluate-encoder", "train") from error
    rows, taxonomy = load_labelled(), load_taxonomy()
    found: dict[str, EncoderFigures] = {}
    with Console(stderr=True).status("") as status:

        def keep(name: str, figures: "EncoderFigures") -> None:
            found[name] = figures
            if output is not None:  # each at once: the next one takes many minutes, and may be stopped
                write_json(output, {name: figures.to_dict() for name, figures in found.items()})

        def measure(name: str, encoder: SentenceEncoder) -> None:
            keep(name, figures_of(encoder, corpus, rows, taxonomy, lambda part: status.update(f"{name}: {part}")))

        for name in encoders:
            measure(name, SentenceEncoder(name, LONGEST))
        if baselines:
            measure("random weights", SentenceEncoder(encoders[0], LONGEST, random=True))
            status.update("TF-IDF: probes")
            keep("TF-IDF", evaluate_ngrams(rows, taxonomy))
    show(Console(), found)


def show(console: "Console", found: "dict[str, EncoderFigures]") -> None:
    """Prints the figures of encoders side by side, mean first, then each language."""
    from rich.table import Table

    table = Table("", *found)

    def section(title: str, columns: "list[dict[str, float]]") -> None:
        languages = [language for column in columns[:1] for language in column]
        table.add_section()
        table.add_row(title, *(_figure(sum(c.values()) / len(c)) if c else "" for c in columns))
        for language in languages:
            table.add_row(f"  {language}", *(_figure(c[language]) if language in c else "" for c in columns))

    first = next(iter(found.values()))
    for name in first.to_english:
        section(f"{name}: to English", [f.to_english.get(name, {}) for f in found.values()])
        section(f"{name}: from English", [f.from_english.get(name, {}) for f in found.values()])
    section("probe: own language", [f.own for f in found.values()])
    section("probe: from en and nb", [f.zero_shot for f in found.values()])
    table.add_section()
    table.add_row("probe: all languages", *(_figure(f.all_languages) for f in found.values()))
    console.print(table)


def _figure(value: float) -> str:
    return f"{value:.3f}"

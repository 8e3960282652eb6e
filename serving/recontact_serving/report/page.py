"""An HTML page that is one file: templates, the style that all reports share, and how numbers are shown."""

from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from recontact_data.output_file import OutputFile

TEMPLATES = Path(__file__).resolve().parent / "templates"
BLANK = "–"


def render(template: str, **content: Any) -> str:
    """The page that a template of this package makes of some content; every text is escaped."""
    return _environment().get_template(template).render(**content)


def write_page(path: Path, page: str) -> None:
    """Writes a page, whole or not at all.

    Raises:
        CommentFileError: the file cannot be written.
    """
    file = OutputFile(path)
    try:
        file.temporary.write_text(page, encoding="utf-8")
        file.commit()
    finally:
        file.discard()


def figure(value: float, digits: int = 2) -> str:
    """A number with a fixed count of digits; a dash for NaN."""
    return BLANK if value != value else f"{value:.{digits}f}"


def percent(value: float) -> str:
    """A share as a whole percentage; a dash for NaN."""
    return BLANK if value != value else f"{100 * value:.0f} %"


@cache
def _environment() -> Environment:
    found = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    found.filters |= {"figure": figure, "percent": percent}
    return found

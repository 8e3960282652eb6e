"""Tables of names that a person copies into the next command: no cell is ever cut."""

from collections.abc import Iterable, Sequence

NO_LIMIT = 10_000  # characters of a line


def print_whole(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Prints a table whose first column always stands on one line.

    In a pipe a row is one line, however long; on a terminal the other columns are folded where they must be.

    Args:
        columns: Their headers.
        rows: A text a column.
    """
    from rich.console import Console
    from rich.table import Column, Table

    first, *others = columns
    table = Table(Column(first, no_wrap=True), *(Column(header, overflow="fold") for header in others))
    for row in rows:
        table.add_row(*row)
    console = Console(markup=False, emoji=False)
    needed = Console(width=NO_LIMIT, markup=False, emoji=False).measure(table)
    console.width = max(console.width, needed.minimum) if console.is_terminal else needed.maximum
    console.print(table)

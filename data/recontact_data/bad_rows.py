"""Broken rows: what is wrong with one, and the file that keeps those that were set aside."""

from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TextIO

from recontact_data.errors import CommentFileError
from recontact_data.output_file import OutputFile

MAX_CELL = 500_000


@dataclass(frozen=True)
class BadRow:
    """A stretch of a file that is no row.

    Attributes:
        line: Its first line, counted from 1.
        what: What is wrong with it.
        raw: Its text as it stands in the file, line ends included.
    """

    line: int
    what: str
    raw: str


class BadRowsFile:
    """Keeps broken rows unchanged, in a file that appears under its name once all rows were read.

    Without a broken row no file is made.
    """

    def __init__(self, path: Path, encoding: str) -> None:
        self.path = path
        self._encoding = encoding
        self._file: OutputFile | None = None
        self._text: TextIO | None = None
        self._done = False

    def __enter__(self) -> "BadRowsFile":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file is not None and not self._done:
            self._close_text()
            self._file.discard()

    def add(self, row: BadRow) -> None:
        """Writes a broken row's own bytes.

        Raises:
            CommentFileError: the file cannot be written.
        """
        try:
            if self._text is None:
                self._file = OutputFile(self.path)
                self._text = self._file.temporary.open("w", encoding=self._encoding, newline="")
            self._text.write(row.raw if row.raw.endswith(("\n", "\r")) else row.raw + "\n")
        except OSError as error:
            raise CommentFileError(f"cannot write broken rows to {self.path}: {error.strerror}") from error

    def finish(self) -> None:
        """Gives the file its name; called when the last row was read."""
        if self._file is not None and not self._done:
            self._close_text()
            self._file.commit()
        self._done = True

    def _close_text(self) -> None:
        if self._text is not None:
            self._text.close()

"""The physical lines of a text file, numbered, with a way to put lines back."""

from collections import deque
from io import BufferedReader, TextIOWrapper
from pathlib import Path
from types import TracebackType

from recontact_data.errors import CommentFileError

MAX_LINE = 1 << 24


class TextLines:
    """An iterator over lines, line ends kept as they are in the file.

    Attributes:
        number: Number of the line handed out last, counted from 1.
        taken: The lines handed out since `mark` was called.
    """

    def __init__(self, path: Path, name: str, encoding: str, newline: str) -> None:
        self._name = name
        self._binary: BufferedReader = path.open("rb")
        self._text = TextIOWrapper(self._binary, encoding=encoding, newline=newline)
        self._back: deque[str] = deque()
        self._last_position = 0
        self.number = 0
        self.taken: list[str] = []

    def __enter__(self) -> "TextLines":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._last_position = self.position
        self._text.close()

    def __iter__(self) -> "TextLines":
        return self

    def __next__(self) -> str:
        line = self._back.popleft() if self._back else self._read()
        if not line:
            raise StopIteration
        self.number += 1
        self.taken.append(line)
        return line

    @property
    def position(self) -> int:
        """Bytes read from the file so far."""
        return self._last_position if self._text.closed else self._binary.tell()

    def mark(self) -> None:
        """Starts a new record: forgets what was handed out."""
        self.taken = []

    def put_back(self, lines: list[str]) -> None:
        """Makes lines that were handed out last come again."""
        self._back.extendleft(reversed(lines))
        self.number -= len(lines)

    def _read(self) -> str:
        # A file with no line ends would otherwise come as one string, whatever its size.
        line = self._text.readline(MAX_LINE + 1)
        if len(line) > MAX_LINE:
            raise CommentFileError(
                f"{self._name}, line {self.number + 1}: longer than {MAX_LINE:,} characters; "
                "is this the right format? Break the file into lines"
            )
        return line.removeprefix("\ufeff") if self.number == 0 else line

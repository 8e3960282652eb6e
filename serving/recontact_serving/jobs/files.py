"""Files of a job: what was sent, the answers so far, and the results in whatever format they are asked for.

The answers are lines that are only ever added, each whole or not counted, so that a job goes on at the row where its
server was killed. Each attempt writes a file of its own, which begins with what the one before had: a server that was
thought dead cannot write into another's.
"""

import json
import os
import re
import shutil
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from recontact_data.comments import CommentReader, open_comments, open_writer
from recontact_data.errors import CommentFileError, RecontactError
from recontact_data.output_file import OutputFile, reach_disk
from recontact_serving.store.tables import Job

ANSWERS = re.compile(r"answers\.(\d+)\.jsonl")
CHUNK = 32  # rows

Cells = dict[str, Any]


class UnfitFormatError(RecontactError):
    """A result cannot be held by the format in which it is asked for; another one can."""


class JobFolder:
    """The files of one job."""

    def __init__(self, root: Path, id: str) -> None:
        self.path = root / id

    def told(self, error: RecontactError) -> str:
        """What an error says, without the place of the folder."""
        return str(error).replace(f"{self.path}{os.sep}", "")

    def make(self) -> None:
        """Makes the folder, for the server's eyes only."""
        self.path.mkdir(parents=True, mode=0o700)

    def remove(self) -> None:
        """Removes all there is."""
        shutil.rmtree(self.path, ignore_errors=True)

    def source(self, format: str) -> Path:
        """Where the file that was sent lies, or its redacted copy."""
        return self.path / f"input.{format}"

    def upload(self, format: str) -> Path:
        """Where it lies as it came, until a redacted copy of it has taken its place."""
        return self.path / f"upload.{format}"

    def bad_rows(self, format: str) -> Path:
        """Where its broken rows lie."""
        return self.path / f"bad-rows.{format}"

    def reader(self, job: Job, reserved: Sequence[str] = ()) -> CommentReader:
        """Reads the rows of what was sent."""
        return open_comments(
            self.source(job.format),
            text_column=job.text_column,
            chunk_rows=CHUNK,
            encoding=job.encoding,
            skip_bad_rows=job.skip_bad_rows,
            bad_rows_path=self.bad_rows(job.format) if job.skip_bad_rows else None,
            reserved=reserved,
        )

    def answers(self, attempt: int, head: Cells) -> "Answers":
        """The answers of an attempt, from where the latest one before it with the same head ended."""
        return Answers(self.path, attempt, head)

    def head(self) -> Cells:
        """What the latest answers begin with."""
        _, latest = max(_attempts(self.path))
        with latest.open(encoding="utf-8") as file:
            head: Cells = json.loads(file.readline())
        return head

    def result(self, job: Job, format: str) -> Path:
        """The rows that were sent, with their answers, in a format; made once.

        Raises:
            UnfitFormatError: the format cannot hold them.
            OSError: it cannot be written.
        """
        path = self.path / f"result.{format}"
        if path.exists():
            return path
        added = self.head()["columns"]
        _, latest = max(_attempts(self.path))
        try:
            with self.reader(job) as reader, open_writer(path, [*reader.columns, *added], like=reader) as writer:
                answers = _cells(latest)
                for rows in reader:
                    writer.write(row | next(answers) for row in rows)
        except CommentFileError as error:
            if isinstance(error.__cause__, OSError):
                raise error.__cause__ from None
            raise UnfitFormatError(self.told(error).replace("; write .", "; ask for .")) from error
        return path

    def summary(self) -> Cells:
        """What was found: causes, languages, and how many answers a person should look at."""
        _, latest = max(_attempts(self.path))
        causes, languages, review = Counter[str](), Counter[str](), 0
        for cells in _cells(latest):
            causes.update(cells["causes"] or [cells["cause"]])
            languages[cells["language"]] += 1
            review += cells["needs_review"]
        return {"causes": dict(causes), "languages": dict(languages), "needs_review": review}


class Answers:
    """The answers to the first rows of a job, to which those of the next ones are added.

    Attributes:
        rows: How many there are.
    """

    def __init__(self, folder: Path, attempt: int, head: Cells) -> None:
        self._folder, self._attempt, self._head = folder, attempt, head
        self._path = folder / f"answers.{attempt}.jsonl"
        self.rows = 0

    def __enter__(self) -> Self:
        earlier = [found for found in _attempts(self._folder) if found[0] < self._attempt]
        output = OutputFile(self._path)
        with output.temporary.open("w", encoding="utf-8") as file:
            file.write(json.dumps(self._head) + "\n")
            if earlier:
                for line in _whole_lines(max(earlier)[1], self._head):
                    file.write(line)
                    self.rows += 1
        output.commit()
        self._file = self._path.open("a", encoding="utf-8")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def add(self, cells: Sequence[Cells]) -> None:
        """Adds the answers to the next rows."""
        self._file.write("".join(json.dumps(row) + "\n" for row in cells))
        self._file.flush()
        self.rows += len(cells)

    def keep(self) -> None:
        """Has them reach the disk, and removes those of earlier attempts."""
        reach_disk(self._path)
        for attempt, path in _attempts(self._folder):
            if attempt < self._attempt:
                path.unlink()


def _attempts(folder: Path) -> list[tuple[int, Path]]:
    named = ((ANSWERS.fullmatch(path.name), path) for path in folder.iterdir())
    return [(int(found[1]), path) for found, path in named if found]


def _whole_lines(path: Path, head: Cells) -> Iterator[str]:
    """Yields the lines of an earlier attempt up to the first that is not whole; none if it began otherwise."""
    with path.open(encoding="utf-8", errors="replace") as file:
        if _parsed(file.readline()) != head:
            return
        for line in file:
            if _parsed(line) is None:
                return
            yield line


def _parsed(line: str) -> Any:
    try:
        return json.loads(line) if line.endswith("\n") else None
    except ValueError:
        return None


def _cells(path: Path) -> Iterator[Cells]:
    with path.open(encoding="utf-8") as file:
        next(file)
        for line in file:
            yield json.loads(line)

"""What is sent as a file: opened, named, and such that it can be sent again."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from os import PathLike
from pathlib import Path
from typing import IO

from recontact_data.errors import CommentFileError, RecontactError

Sendable = str | PathLike[str] | bytes | IO[bytes]


@contextmanager
def opened(source: Sendable, name: str | None, format: str | None) -> Iterator[tuple[str, bytes | IO[bytes]]]:
    """Opens what is to be sent.

    Args:
        source: A path; or bytes; or a file opened in binary mode, which is read from where it stands.
        name: What the server is to call it; None for its own name.
        format: Its format, which names it where nothing else does.

    Yields:
        The name, and the bytes or a file that can be read from its beginning more than once.

    Raises:
        RecontactError: it cannot be read, or has no name.
    """
    called = _name(source, name, format)
    if isinstance(source, bytes):
        yield called, source
        return
    with ExitStack() as closing:
        if isinstance(source, (str, PathLike)):
            file = closing.enter_context(_opened(Path(source)))
            plain = Path(source).is_file()
        else:
            file, plain = source, False
        # The length of anything but a plain file is not known beforehand, or not the right one (gzip.open).
        yield called, file if plain else closing.enter_context(_copied(file))


def _name(source: Sendable, name: str | None, format: str | None) -> str:
    own = source if isinstance(source, (str, PathLike)) else getattr(source, "name", None)
    if not name and isinstance(own, (str, PathLike)):
        name = Path(own).name
    if not name and format:
        name = f"comments.{format}"
    if not name:
        raise RecontactError("what is sent has no name; give name='survey.csv' or format='csv'")
    return name.encode(errors="replace").decode()


def _opened(path: Path) -> IO[bytes]:
    try:
        return path.open("rb")
    except OSError as error:
        raise CommentFileError(f"cannot read {path}: {error.strerror}; check the path") from error


@contextmanager
def _copied(file: IO[bytes]) -> Iterator[IO[bytes]]:
    with tempfile.TemporaryFile(prefix="recontact-") as copy:
        shutil.copyfileobj(file, copy)
        copy.flush()
        yield copy

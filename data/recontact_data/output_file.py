"""A file that appears under its name only when it is whole."""

import os
import secrets
import shutil
from pathlib import Path

from recontact_data.errors import CommentFileError


class OutputFile:
    """A temporary file beside the target, which takes the target's place at the end.

    Attributes:
        target: Where the file will be; a symbolic link is followed, so that it stays a link.
        temporary: Where it is written until then, in the same folder and so on the same disk.
    """

    def __init__(self, target: Path) -> None:
        check_writable(target)
        self.target = target.resolve()
        self.temporary = self.target.with_name(f".recontact-{secrets.token_hex(6)}.part")

    def commit(self) -> None:
        """Renames the temporary file to the target, keeping the permissions of a file it replaces.

        Raises:
            CommentFileError: the target cannot be replaced.
        """
        try:
            if self.target.exists():
                shutil.copymode(self.target, self.temporary)
            os.replace(self.temporary, self.target)
        except OSError as error:
            self.discard()
            raise CommentFileError(f"cannot write {self.target}: {error.strerror}; write to another file") from error

    def discard(self) -> None:
        """Removes the temporary file; the target stays as it was."""
        self.temporary.unlink(missing_ok=True)


def check_writable(target: Path) -> None:
    """Checks that a file can be made at a path.

    Raises:
        CommentFileError: the path is a folder or a device, or its folder is missing or may not be written to.
    """
    if target.is_dir():
        raise CommentFileError(f"{target} is a folder; give a file name in it")
    if target.exists() and not target.is_file():
        raise CommentFileError(f"{target} is not a plain file; write to - for a pipe")
    folder = target.resolve().parent
    if not folder.is_dir():
        raise CommentFileError(f"no folder {folder} to write {target.name} in; make it first")
    if not os.access(folder, os.W_OK):
        raise CommentFileError(f"may not write in the folder {folder}; choose another")


def reach_disk(path: Path) -> None:
    """Has what was written to a file, or what was made in a folder, reach the disk, so that no rename outruns it."""
    folder = path.is_dir()
    if folder and os.name == "nt":
        return  # Windows opens no folders
    descriptor = os.open(path, os.O_RDONLY if folder else os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

"""A registry: a folder of model versions, of which one is in service.

`versions/<name@version>/` are model folders that appear whole and never change. `promotions.json` is the
history of what was put in service, and its end says what is current: switching is one rename of a longer
history over the old one, so the two cannot differ. Who changes a registry holds its lock, which
the system takes back from a killed process; who only reads needs none.
"""

import re
import secrets
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from recontact.artifact import MANIFEST, Manifest, copy_model, read_manifest, verify
from recontact.promotions import Promotion, promotion, read_history, served, write_history
from recontact_data.errors import ModelError
from recontact_data.output_file import reach_disk

VERSIONS = "versions"
PROMOTIONS = "promotions.json"
INCOMING = ".incoming-"
LOCK = ".lock"
PATIENCE = 60.0  # seconds to wait for somebody else's change
FOLDER_NAME = re.compile(r"\w[\w .+-]*@\w+")


def is_registry(folder: Path) -> bool:
    """Whether a folder is a registry rather than a model."""
    return (folder / VERSIONS).is_dir() and not (folder / MANIFEST).exists()


def model_folder(folder: Path) -> Path:
    """The folder of the model that a path stands for: of a registry the current one, else the path itself.

    Raises:
        ModelError: the path is a registry with nothing in service, or it is damaged.
    """
    if not is_registry(folder):
        return folder
    registry = Registry(folder)
    version = registry.current
    if version is None:
        raise ModelError(f"the registry {folder} has no current model; choose one with `recontact models promote`")
    return registry.folder_of(version)


class Registry:
    """Keeps versions of a model, and which of them is current.

    Attributes:
        folder: Where it is.
    """

    def __init__(self, folder: Path) -> None:
        """Opens a registry.

        Raises:
            ModelError: the folder is none.
        """
        if not is_registry(folder):
            raise ModelError(f"no model registry at {folder}; make one with `recontact models add MODEL --registry …`")
        self.folder = folder

    @classmethod
    def create(cls, folder: Path) -> "Registry":
        """Opens a registry; makes it where there is nothing yet.

        Raises:
            ModelError: the folder holds something else.
        """
        if not is_registry(folder):
            if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
                raise ModelError(f"{folder} is not empty and no model registry; give a new folder with --registry")
            (folder / VERSIONS).mkdir(parents=True, exist_ok=True)
            reach_disk(folder)
        return cls(folder)

    @property
    def versions(self) -> tuple[str, ...]:
        """The versions it holds, by name."""
        found = (self.folder / VERSIONS).iterdir()
        return tuple(sorted(path.name for path in found if path.is_dir() and not path.name.startswith(".")))

    @property
    def history(self) -> tuple[Promotion, ...]:
        """Every change of what was in service, the last one last.

        Raises:
            ModelError: the history is damaged, or of another format.
        """
        return read_history(self.folder / PROMOTIONS)

    @property
    def current(self) -> str | None:
        """The version in service; None if none was promoted yet."""
        return _last(self.history)

    def folder_of(self, version: str) -> Path:
        """The model folder of a version.

        Raises:
            ModelError: the registry does not hold it.
        """
        if version not in self.versions:
            known = ", ".join(self.versions) or "none yet"
            raise ModelError(f"{self.folder} does not hold {version!r}; it holds: {known}")
        return self.folder / VERSIONS / version

    def add(self, source: Path) -> str:
        """Copies a model folder into the registry; a model that is there already stays as it is.

        Args:
            source: A whole model folder; what its manifest does not name stays behind.

        Returns:
            Its name and version.

        Raises:
            ModelError: the source is damaged or cannot be named so, or another model has its name and version.
        """
        manifest = verify(source)
        version = manifest.model_version
        if not FOLDER_NAME.fullmatch(version):
            cure = "give it a name of letters, digits, spaces and . _ + - with `recontact train --name`"
            raise ModelError(f"{source} calls itself {version!r}, which cannot name a folder; {cure}")
        with self._locked():
            for leftover in self.folder.glob(f"{INCOMING}*"):
                shutil.rmtree(leftover)  # of a killed process: a living one would hold the lock
            if version in self.versions:
                self._check_same(version, manifest)
                return version
            incoming = self.folder / f"{INCOMING}{secrets.token_hex(6)}"
            try:
                copy_model(source, incoming, manifest)
                incoming.rename(self.folder / VERSIONS / version)
            finally:
                shutil.rmtree(incoming, ignore_errors=True)
            reach_disk(self.folder / VERSIONS)
        return version

    def promote(
        self, version: str, *, instead_of: str | None, overridden: Sequence[str] = (), damaged: bool = False
    ) -> None:
        """Puts a version in service; nothing happens if it is current.

        Args:
            version: The version.
            instead_of: What was current when the version was found fit to follow it.
            overridden: What spoke against it, for the history.
            damaged: Whether it is known to be damaged and wanted all the same.

        Raises:
            ModelError: the registry does not hold it, it is damaged, or another one became current meanwhile.
        """
        with self._locked():
            self.folder_of(version)
            history = self.history
            current = _last(history)
            if version == current:
                return
            if current != instead_of:
                meanwhile = f"{current or 'nothing'} is current now, not {instead_of or 'nothing'} as when this began"
                raise ModelError(f"{meanwhile}; promote {version} again, so that it is measured against that")
            if not damaged:
                self._check_whole(version)
            write_history(self.folder / PROMOTIONS, (*history, promotion(version, "promote", overridden)))

    def rollback(self) -> str:
        """Puts the version in service that the current one took the place of; again, the one before that.

        Returns:
            The version.

        Raises:
            ModelError: there is none before, or it is damaged.
        """
        with self._locked():
            history = self.history
            *before, current = served(history) or (None,)
            if not before:
                raise ModelError(f"nothing was in service before {current or 'now'}; promote a version")
            former = str(before[-1])
            self._check_whole(former)
            write_history(self.folder / PROMOTIONS, (*history, promotion(former, "rollback")))
        return former

    def damages(self) -> dict[str, str]:
        """What is wrong, by version: a file missing or changed, a folder of another name, the current one missing."""
        found = {}
        for version in self.versions:
            try:
                self._check_whole(version)
            except ModelError as error:
                found[version] = str(error)
        current = self.current
        if current is not None and current not in self.versions:
            found[current] = f"{current} is current, but its folder is missing; roll back, or add it again"
        return found

    def _check_whole(self, version: str) -> None:
        manifest = verify(self.folder_of(version))
        if manifest.model_version != version:
            raise ModelError(f"{self.folder_of(version)} holds {manifest.model_version}; rename it to that")

    def _check_same(self, version: str, manifest: Manifest) -> None:
        folder = self.folder_of(version)
        try:
            self._check_whole(version)
        except ModelError as error:
            raise ModelError(f"{version} is there already, but damaged; remove {folder} and add it again") from error
        if read_manifest(folder).files != manifest.files:
            raise ModelError(f"another model with the weights of {version} is there; train this one with --name OTHER")

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Lets nobody else change the registry."""
        from filelock import FileLock, Timeout  # only who changes a registry needs it

        try:
            # Not a lock that is only a file: it would outlive a killed process.
            with FileLock(self.folder / LOCK, timeout=PATIENCE, fallback_to_soft=False):
                yield
        except Timeout as error:
            raise ModelError(f"another command is changing {self.folder}; try again when it is done") from error


def _last(history: Sequence[Promotion]) -> str | None:
    return next(reversed(served(history)), None)

"""Checkpoints: what a fine-tuning run keeps on disk, so that it goes on as if nothing had stopped it.

They lie in a folder beside the model, which goes away when the model is whole. A checkpoint is what `Trainer`
writes (weights, optimizer, rates, random numbers), with what it leaves out: the random numbers that the
order of the running epoch was drawn from, and the sum of the weights that `MeanOfEpochs` has taken so far.
"""

import json
import shutil
import time
from contextlib import AbstractContextManager
from pathlib import Path
from types import TracebackType
from typing import Any

import torch
from filelock import FileLock, Timeout
from transformers import TrainerCallback

from recontact_data.errors import ModelError
from recontact_training.mean_of_epochs import MeanOfEpochs

SUFFIX = ".partial"
WHOLE = "step-"
RUN = "run.json"
OWN = "epoch.pt"


class PartialRun(AbstractContextManager["PartialRun"]):
    """The folder of a run that may be stopped and run again; held by one process at a time.

    Attributes:
        path: Where it is: beside the model that is made, under its name and `.partial`.
    """

    def __init__(self, out: Path, sources: dict[str, str]) -> None:
        """Opens the folder, or makes it.

        Args:
            out: The folder of the model.
            sources: What the run depends on, by what a person would call it.

        Raises:
            ModelError: it holds a run on other sources, or another process is at work in it.
        """
        self.path = out.with_name(out.name + SUFFIX)
        self.path.mkdir(parents=True, exist_ok=True)
        # Not a lock that is only a file: it would outlive a killed process.
        self._lock = FileLock(self.path.with_name(f"{self.path.name}.lock"), timeout=0, fallback_to_soft=False)
        try:
            self._lock.acquire()
        except Timeout as error:
            raise ModelError(f"another command is training {out}; wait for it, or choose another -o") from error
        try:
            self._check(sources)
        except ModelError:
            self._release()
            raise

    def _check(self, sources: dict[str, str]) -> None:
        file = self.path / RUN
        if self.checkpoint is None:
            shutil.rmtree(self.path)
            self.path.mkdir()
            file.write_text(json.dumps(sources, indent=2), encoding="utf-8")
            return
        try:
            known = json.loads(file.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise ModelError(f"{file} is damaged ({error}); remove {self.path}") from error
        if changed := [name for name, value in sources.items() if known.get(name) != value]:
            cure = "train with what it was, remove that folder, or give another one with -o"
            raise ModelError(f"{self.path} holds a stopped run whose {' and '.join(changed)} differed; {cure}")

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Leaves what a run needs to go on; removes the folder of one that is done, or that has not got far."""
        if kind is None or self.checkpoint is None:
            shutil.rmtree(self.path, ignore_errors=True)
        self._release()

    def _release(self) -> None:
        self._lock.release()
        Path(self._lock.lock_file).unlink(missing_ok=True)

    @property
    def checkpoint(self) -> Path | None:
        """The last whole checkpoint; None before the first one."""
        found = sorted(self.path.glob(f"{WHOLE}*"), key=lambda path: int(path.name.removeprefix(WHOLE)))
        return found[-1] if found else None

    @property
    def step(self) -> int:
        """The step that the last whole checkpoint was made after; 0 before the first one."""
        return int(self.checkpoint.name.removeprefix(WHOLE)) if self.checkpoint else 0


class Checkpoints(TrainerCallback):
    """Has `Trainer` save every few minutes and at the end, and makes of what it saved a whole checkpoint.

    Attributes:
        run: The run's folder, which is also the output folder of `Trainer`.
        mean: What takes the mean of the last epochs; it must come first among the callbacks.
        minutes: From one checkpoint to the next.
    """

    def __init__(self, run: PartialRun, mean: MeanOfEpochs, minutes: float) -> None:
        self.run, self.mean, self.minutes = run, mean, minutes
        self._saved = time.monotonic()
        self._epoch_start = torch.get_rng_state()
        self._resumed = run.checkpoint is not None
        if run.checkpoint is not None:
            own = torch.load(run.checkpoint / OWN, weights_only=True)
            self._epoch_start, mean.total = own["epoch_start"], own["mean"]

    def on_train_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Starts the clock."""
        self._saved = time.monotonic()

    def on_epoch_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Notes the random numbers that the epoch's order is drawn from; a resumed epoch gets those it began with."""
        if self._resumed:
            torch.set_rng_state(self._epoch_start)
        self._resumed = False
        self._epoch_start = torch.get_rng_state()

    def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Asks for a checkpoint when it is time; after the last step of an epoch, only once its mean is taken."""
        control.should_save = self._due() and bool(state.global_step % _epoch_steps(state))

    def on_epoch_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Asks for a checkpoint when it is time, and when training is over."""
        control.should_save = self._due() or state.global_step >= state.max_steps
        self._epoch_start = torch.get_rng_state()

    def on_save(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Adds what `Trainer` leaves out; the checkpoint counts from the rename on, which kills cannot cut in two."""
        made = self.run.path / f"checkpoint-{state.global_step}"
        torch.save({"epoch_start": self._epoch_start, "mean": self.mean.total}, made / OWN)
        made.rename(self.run.path / f"{WHOLE}{state.global_step}")
        for path in self.run.path.iterdir():
            if path.is_dir() and path != self.run.checkpoint:
                shutil.rmtree(path)
        self._saved = time.monotonic()

    def _due(self) -> bool:
        return time.monotonic() - self._saved >= self.minutes * 60


def _epoch_steps(state: Any) -> int:
    return int(state.max_steps) // int(state.num_train_epochs)

"""How far a training run is, its loss, and how long it will take yet."""

import time
from typing import TYPE_CHECKING, Any

from transformers import TrainerCallback

if TYPE_CHECKING:
    from rich.console import Console

SECONDS_A_LINE = 15.0  # where there is no terminal to draw a bar on


class TrainingBar(TrainerCallback):
    """A bar on a terminal; elsewhere a line every so often.

    Attributes:
        step: Steps done.
        steps: Steps of the whole run.
        saved: The step that a stopped run goes on from; 0 before the first checkpoint.
    """

    def __init__(self, console: "Console") -> None:
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        self.console = console
        self.step = self.steps = self.saved = self._first = 0
        self._began = self._said = 0.0
        what = TextColumn("{task.description}")
        columns = (what, BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(), TextColumn("left"))
        # The slowness of single steps is uneven: long comments come together.
        self.bar = Progress(
            *columns, console=console, transient=True, disable=not console.is_terminal, speed_estimate_period=120
        )
        self._task = self.bar.add_task("training")

    def on_train_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Draws the bar, at the step that a resumed run is at."""
        self.step = self.saved = self._first = state.global_step
        self.steps = state.max_steps
        self._began = self._said = time.monotonic()
        self.bar.update(self._task, completed=self.step, total=self.steps)
        self.bar.start()

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Moves it."""
        self.step = state.global_step
        self.bar.update(self._task, completed=self.step)

    def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **_: Any) -> None:
        """Shows the loss."""
        if not logs or "loss" not in logs:
            return
        loss = float(logs["loss"])
        self.bar.update(self._task, description=f"training, loss {loss:.3f}")
        last = state.global_step == state.max_steps
        if not self.console.is_terminal and (last or time.monotonic() - self._said >= SECONDS_A_LINE):
            self._said = time.monotonic()
            left = f", {self._left()} left" if not last else ""
            self.console.print(f"step {state.global_step}/{state.max_steps}: loss {loss:.3f}{left}", highlight=False)

    def on_save(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Notes what a stopped run goes on from."""
        self.saved = state.global_step

    def on_train_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Takes it away."""
        self.bar.stop()

    def _left(self) -> str:
        done = max(1, self.step - self._first)
        seconds = (time.monotonic() - self._began) / done * (self.steps - self.step)
        return f"{seconds / 60:.0f} min" if seconds >= 90 else f"{seconds:.0f} s"

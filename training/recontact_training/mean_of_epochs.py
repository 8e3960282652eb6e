"""The mean of the weights at the ends of the last epochs, which is often better than the last ones.

Izmailov et al. 2018, "Averaging weights leads to wider optima and better generalization".
"""

from typing import Any

import torch
from torch import Tensor, nn
from transformers import TrainerCallback


class MeanOfEpochs(TrainerCallback):
    """Averages the weights of the last epochs into the model when training ends."""

    def __init__(self, epochs: int, last: int) -> None:
        self.epochs, self.last = epochs, last
        self.total: dict[str, Tensor] = {}

    def on_epoch_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Adds this epoch's weights if it is one of the last."""
        model: nn.Module = kwargs["model"]
        if round(state.epoch) > self.epochs - self.last:
            for name, weight in model.state_dict().items():
                self.total[name] = self.total.get(name, torch.zeros_like(weight)) + weight / self.last

    def on_train_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Puts the mean in."""
        if self.total:
            kwargs["model"].load_state_dict(self.total)

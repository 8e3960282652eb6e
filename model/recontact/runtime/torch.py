"""PyTorch runtime: the same scores from the Transformers folder itself."""

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.torch import load_file
from transformers import AutoModelForSequenceClassification

from recontact.artifact import EVIDENCE
from recontact_data.errors import ModelError


class TorchRuntime:
    """Runs `model.safetensors` through Transformers, on a GPU where there is one."""

    def __init__(self, folder: Path) -> None:
        """Loads a model folder.

        Raises:
            ModelError: weights are missing or damaged.
        """
        self._device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        try:
            model = AutoModelForSequenceClassification.from_pretrained(
                folder, dtype=torch.float32, local_files_only=True, use_safetensors=True
            )
            heads = load_file(folder / EVIDENCE)
        except (OSError, ValueError, RuntimeError, SafetensorError) as error:
            reason = " ".join(str(error).split())
            raise ModelError(f"{folder} cannot be loaded ({reason}); copy the model again") from error
        self._model = model.eval().to(self._device)
        self._weight = heads["weight"].float().to(self._device)
        self._bias = heads["bias"].float().to(self._device)

    def run(self, ids: list[int]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Scores a comment; see `Runtime`."""
        row = torch.tensor([ids], device=self._device)
        with torch.inference_mode():
            out = self._model(input_ids=row, attention_mask=torch.ones_like(row), output_hidden_states=True)
            pieces = torch.nn.functional.linear(out.hidden_states[-1][0], self._weight, self._bias)
        return out.logits[0].cpu().numpy(), pieces.cpu().numpy()

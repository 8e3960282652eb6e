"""Runtimes: what computes a model's scores, behind one small protocol."""

from pathlib import Path
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from recontact_data.errors import MissingExtraError, ModelError

RuntimeName = Literal["onnx", "torch"]


class Runtime(Protocol):
    """Computes the scores of one comment.

    A comment always runs alone and at its own length. No padding is computed, and no neighbour can
    change its sums: one text gives one answer to the bit, whatever it came with. Callers get speed by
    calling from several threads.
    """

    def run(self, ids: list[int]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Scores a comment.

        Args:
            ids: Piece ids, shape (length,).

        Returns:
            Logits of the causes, shape (n_causes,), and of the causes at each piece, (length, n_causes).
        """
        ...


def load_runtime(folder: Path, name: RuntimeName = "onnx") -> Runtime:
    """Opens a model folder in a runtime.

    Raises:
        ModelError: the folder lacks what the runtime needs, or there is no such runtime.
        MissingExtraError: the torch runtime was asked for and torch is not installed.
    """
    if name == "onnx":
        from recontact.runtime.onnx import OnnxRuntime

        return OnnxRuntime(folder)
    if name == "torch":
        try:
            from recontact.runtime.torch import TorchRuntime
        except ImportError as error:
            raise MissingExtraError("the torch runtime", "train") from error
        return TorchRuntime(folder)
    raise ModelError(f"no runtime {name!r}; choose onnx or torch")

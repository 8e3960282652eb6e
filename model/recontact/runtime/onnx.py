"""ONNX Runtime: the runtime of the base install."""

from pathlib import Path

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from recontact.artifact import GRAPH
from recontact_data.errors import ModelError


class OnnxRuntime:
    """Runs `model.onnx`, whose weights lie in `model.safetensors`; one thread a call."""

    def __init__(self, folder: Path) -> None:
        """Opens the exported graph of a model folder.

        Raises:
            ModelError: the graph is missing or damaged.
        """
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        try:
            self._session = onnxruntime.InferenceSession(
                str(folder / GRAPH), options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # onnxruntime's exceptions share no base of their own
            raise ModelError(f"{folder / GRAPH} cannot be opened ({_first_line(error)}); export it again") from error

    def run(self, ids: list[int]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Scores a comment; see `Runtime`."""
        row = np.asarray([ids], dtype=np.int64)
        logits, pieces = self._session.run(
            ["logits", "evidence"], {"input_ids": row, "attention_mask": np.ones_like(row)}
        )
        return logits[0], pieces[0]


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0]

"""Sentence vectors: the mean of the states of a sentence's pieces, for many sentences at a time."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional
from transformers import AutoConfig, AutoModel, AutoTokenizer, PreTrainedModel, PreTrainedTokenizerBase, set_seed

from recontact_data.errors import ModelError
from recontact_training.devices import best_device, half_precision_pays
from recontact_training.student import mean_vector

Floats = NDArray[np.float32]
BATCH = 128


@torch.inference_mode()
def sentence_vectors(
    model: PreTrainedModel,
    tokenize: Callable[[Sequence[str]], tuple[Tensor, Tensor]],
    texts: Sequence[str],
    *,
    half: bool,
    unit: bool = False,
) -> Floats:
    """The vector of each text, float32, shape (n, hidden).

    Args:
        model: An encoder.
        tokenize: Texts to piece ids and attention mask, each of shape (batch, longest).
        texts: Any number of them; those of like length are read together.
        half: Whether to multiply in bfloat16.
        unit: Whether to make each vector of length 1.
    """
    found = np.zeros((len(texts), int(model.config.hidden_size)), dtype=np.float32)
    order = np.argsort([len(text) for text in texts], kind="stable")
    for some in np.array_split(order, -(-len(texts) // BATCH)) if len(texts) else ():
        ids, mask = (t.to(model.device) for t in tokenize([texts[i] for i in some]))
        with torch.autocast(model.device.type, torch.bfloat16, enabled=half):
            states = model(input_ids=ids, attention_mask=mask).last_hidden_state
        vectors = mean_vector(states, mask)
        found[some] = (functional.normalize(vectors, dim=1) if unit else vectors).cpu().numpy()
    return found


class SentenceEncoder:
    """An encoder folder that turns texts to vectors.

    Args:
        folder: A Transformers folder or hub name.
        longest: Pieces that a text is cut to, or fewer if the encoder reads fewer.
        device: Where it computes; None for the best there is.
        half: Whether it multiplies in bfloat16; None for where that pays.
        random: Whether to draw its weights instead of reading them.

    Raises:
        ModelError: there is no encoder in the folder.
    """

    def __init__(
        self,
        folder: str | Path,
        longest: int,
        *,
        device: torch.device | None = None,
        half: bool | None = None,
        random: bool = False,
    ) -> None:
        # Fused attention is slow in half precision on a CPU (docs/experiments/2026-11-22-encoder.md).
        eager = {"attn_implementation": "eager"}
        try:
            self.tokenizer: PreTrainedTokenizerBase = AutoTokenizer.from_pretrained(folder)
            set_seed(13)
            self.model: PreTrainedModel = (
                AutoModel.from_config(AutoConfig.from_pretrained(folder), **eager)  # type: ignore[no-untyped-call]
                if random
                else AutoModel.from_pretrained(folder, dtype=torch.float32, **eager)
            )
        except (OSError, ValueError) as error:
            raise ModelError(f"no encoder at {folder}; give a Transformers folder with a tokenizer") from error
        device = best_device() if device is None else device
        self.model.float().eval().to(device)
        self.half = half_precision_pays(device) if half is None else half
        self.longest = min(longest, int(getattr(self.model.config, "max_position_embeddings", longest)))

    def __call__(self, texts: Sequence[str], *, unit: bool = True) -> Floats:
        """Vectors, float32, shape (n, hidden), of length 1 unless `unit` is false."""
        return sentence_vectors(self.model, self._tokenize, texts, half=self.half, unit=unit)

    def _tokenize(self, texts: Sequence[str]) -> tuple[Tensor, Tensor]:
        found = self.tokenizer(list(texts), padding=True, truncation=True, max_length=self.longest, return_tensors="pt")
        return found["input_ids"], found["attention_mask"]

"""Teacher: vectors of English sentences, computed once and kept in a file."""

import json
import os
import time
from collections.abc import Callable, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from transformers import AutoModel, AutoTokenizer, PreTrainedModel

BLOCK = 16_384  # sentences between two marks of progress
BATCH = 256


def half_precision_pays(device: torch.device, size: int = 1024) -> bool:
    """Whether bfloat16 matrix products are clearly faster than float32 ones here, by trying both."""
    taken = []
    for dtype in (torch.float32, torch.bfloat16):
        a, b = (torch.ones(size, size, dtype=dtype, device=device) for _ in range(2))
        float((a @ b)[0, 0])
        begun = time.perf_counter()
        for _ in range(5):
            last = a @ b
        float(last[0, 0])
        taken.append(time.perf_counter() - begun)
    return taken[0] > 1.5 * taken[1]


def mean_vector(states: Tensor, mask: Tensor) -> Tensor:
    """Mean of the states of real pieces, shape (batch, hidden), float32."""
    weight = mask[..., None].float()
    return (states.float() * weight).sum(1) / weight.sum(1)


class TeacherVectors:
    """The teacher's vector of each sentence, float16, shape (n_sentences, hidden), on disk.

    Sentences are kept once, in the order of first sight; a cache of other sentences is made anew.
    """

    def __init__(
        self, teacher: Path, sentences: Sequence[str], out: Path, device: torch.device, report: Callable[[str], None]
    ) -> None:
        self.rows = {text: row for row, text in enumerate(dict.fromkeys(sentences))}
        texts = list(self.rows)
        # Fused attention is slow in half precision on a CPU (docs/experiments/2026-11-22-encoder.md).
        model: PreTrainedModel = AutoModel.from_pretrained(teacher, dtype=torch.float32, attn_implementation="eager")
        model.to(device)  # type: ignore[arg-type]
        model.eval()  # type: ignore[no-untyped-call]
        path, mark = out / "teacher.f16", out / "teacher.json"
        state: dict[str, Any] = {"of": sha256("\n".join(texts).encode()).hexdigest(), "done": 0}
        if mark.exists() and path.exists() and (known := json.loads(mark.read_text()))["of"] == state["of"]:
            state = known
        shape = (max(1, len(texts)), int(model.config.hidden_size))
        if not state["done"]:
            path.unlink(missing_ok=True)
            path.touch()
            os.truncate(path, 2 * shape[0] * shape[1])
        self.vectors = np.memmap(path, dtype=np.float16, mode="r+", shape=shape)
        if int(state["done"]) == len(texts):
            return
        half = torch.autocast(device.type, torch.bfloat16, enabled=half_precision_pays(device))
        tokenizer = AutoTokenizer.from_pretrained(teacher)
        longest = min(128, int(model.config.max_position_embeddings))
        for start in range(int(state["done"]), len(texts), BLOCK):
            block = texts[start : start + BLOCK]
            order = np.argsort([len(text) for text in block])
            for first in range(0, len(block), BATCH):
                some = order[first : first + BATCH]
                encoded = tokenizer(
                    [block[i] for i in some], padding=True, truncation=True, max_length=longest, return_tensors="pt"
                ).to(device)
                with torch.inference_mode(), half:
                    states = model(**encoded).last_hidden_state
                    self.vectors[start + some] = mean_vector(states, encoded["attention_mask"]).cpu().numpy()
            self.vectors.flush()
            mark.write_text(json.dumps({**state, "done": start + len(block)}))
            report(f"teacher: {start + len(block)} of {len(texts)} sentences")

    def __call__(self, sentences: Sequence[str]) -> tuple[Tensor, Tensor]:
        """Vectors, float32, shape (n, hidden), and the row of each sentence, shape (n,): equal for equal ones."""
        rows = np.array([self.rows[text] for text in sentences])
        return torch.from_numpy(self.vectors[rows].astype(np.float32)), torch.from_numpy(rows)

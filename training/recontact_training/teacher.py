"""Teacher: vectors of English sentences, computed once and kept in a file."""

import json
import os
from collections.abc import Callable, Sequence
from hashlib import sha256
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from transformers import AutoConfig, AutoModel, AutoTokenizer, PreTrainedModel

from recontact_training.run_folder import fingerprint
from recontact_training.student import mean_vector

BLOCK = 16_384  # sentences between two marks of progress
BATCH = 256


class TeacherVectors:
    """The teacher's vector of each sentence, float16, shape (n_sentences, hidden), on disk.

    Sentences are kept once, in the order of first sight; a cache of other sentences or of another teacher is made anew.
    """

    def __init__(
        self,
        teacher: Path,
        sentences: Sequence[str],
        out: Path,
        device: torch.device,
        half: bool,
        report: Callable[[str], None],
    ) -> None:
        self.rows = {text: row for row, text in enumerate(dict.fromkeys(sentences))}
        texts = list(self.rows)
        path, mark = out / "teacher.f16", out / "teacher.json"
        of = sha256("\n".join([fingerprint(teacher), *texts]).encode()).hexdigest()
        known = json.loads(mark.read_text(encoding="utf-8")) if mark.exists() and path.exists() else {}
        done = int(known["done"]) if known.get("of") == of else 0
        width = int(AutoConfig.from_pretrained(teacher).hidden_size)
        shape = (max(1, len(texts)), width)
        if not done:
            mark.unlink(missing_ok=True)
            path.unlink(missing_ok=True)
            path.touch()
            os.truncate(path, 2 * shape[0] * shape[1])
        self.vectors = np.memmap(path, dtype=np.float16, mode="r+", shape=shape)
        if done == len(texts):
            return
        vectors_of = _Teacher(teacher, device, half)
        for start in range(done, len(texts), BLOCK):
            block = texts[start : start + BLOCK]
            self.vectors[start : start + len(block)] = vectors_of(block)
            self.vectors.flush()
            partial = mark.with_suffix(".partial")
            partial.write_text(json.dumps({"of": of, "done": start + len(block)}), encoding="utf-8")
            partial.replace(mark)
            report(f"teacher: {start + len(block)} of {len(texts)} sentences")

    def __call__(self, sentences: Sequence[str]) -> tuple[Tensor, Tensor]:
        """Vectors, float32, shape (n, hidden), and the row of each sentence, shape (n,): equal for equal ones."""
        rows = np.array([self.rows[text] for text in sentences])
        return torch.from_numpy(self.vectors[rows].astype(np.float32)), torch.from_numpy(rows)


class _Teacher:
    """The English encoder."""

    def __init__(self, folder: Path, device: torch.device, half: bool) -> None:
        # Fused attention is slow in half precision on a CPU (docs/experiments/2026-11-22-encoder.md).
        self.model: PreTrainedModel = AutoModel.from_pretrained(
            folder, dtype=torch.float32, attn_implementation="eager"
        )
        self.model.to(device)
        self.model.eval()
        self.tokenizer = AutoTokenizer.from_pretrained(folder)
        self.longest = min(128, int(self.model.config.max_position_embeddings))
        self.device, self.half = device, half

    @torch.inference_mode()
    def __call__(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Vectors, shape (n, hidden)."""
        found = np.zeros((len(texts), int(self.model.config.hidden_size)), dtype=np.float32)
        order = np.argsort([len(text) for text in texts], kind="stable")
        for some in np.array_split(order, -(-len(texts) // BATCH)):
            encoded = self.tokenizer(
                [texts[i] for i in some], padding=True, truncation=True, max_length=self.longest, return_tensors="pt"
            ).to(self.device)
            with torch.autocast(self.device.type, torch.bfloat16, enabled=self.half):
                states = self.model(**encoded).last_hidden_state
            found[some] = mean_vector(states, encoded["attention_mask"]).cpu().numpy()
        return found

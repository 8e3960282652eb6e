"""Teacher: vectors of English sentences, computed once and kept in a file."""

import json
import os
from collections.abc import Callable, Sequence
from hashlib import sha256
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from transformers import AutoConfig

from recontact_training.run_folder import fingerprint
from recontact_training.sentence_vectors import SentenceEncoder

BLOCK = 16_384  # sentences between two marks of progress
LONGEST = 128


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
        vectors_of = SentenceEncoder(teacher, LONGEST, device=device, half=half)
        for start in range(done, len(texts), BLOCK):
            block = texts[start : start + BLOCK]
            self.vectors[start : start + len(block)] = vectors_of(block, unit=False)
            self.vectors.flush()
            partial = mark.with_suffix(".partial")
            partial.write_text(json.dumps({"of": of, "done": start + len(block)}), encoding="utf-8")
            partial.replace(mark)
            report(f"teacher: {start + len(block)} of {len(texts)} sentences")

    def __call__(self, sentences: Sequence[str]) -> tuple[Tensor, Tensor]:
        """Vectors, float32, shape (n, hidden), and the row of each sentence, shape (n,): equal for equal ones."""
        rows = np.array([self.rows[text] for text in sentences])
        return torch.from_numpy(self.vectors[rows].astype(np.float32)), torch.from_numpy(rows)

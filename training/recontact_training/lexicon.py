"""Lexicon: fits word embeddings to sentence pairs as bags of words, before any layer is trained.

The weighted sum of a sentence's embeddings comes close to the same sum of the teacher's own embeddings over
its English translation, where rare pieces weigh more (Arora et al. 2017, "A simple but tough-to-beat
baseline for sentence embeddings", section 3). A step costs a hundredth of one through the layers, so every
pair and dictionary entry can be seen, and what a rare word means is known before the long run begins.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer
from torch import Tensor
from torch.nn import functional

from recontact_training.corpus import Pair
from recontact_training.student import distillation_loss

FREQUENT = 1e-3  # share of a teacher's piece among all at which it weighs half
BETAS = (0.9, 0.98)  # a short memory: a piece that is rarely seen must not leap when it is
WEIGHT_RATE = 1e-2
SAME = 0.999  # cosine from which two English sentences count as one
REPORTED = 100


@dataclass(frozen=True)
class _Bags:
    """Piece ids of many texts in one array; text k has `ids[starts[k]:starts[k + 1]]`."""

    ids: NDArray[np.int32]
    starts: NDArray[np.int64]

    @classmethod
    def of(cls, texts: Sequence[str], tokenizer: Tokenizer) -> "_Bags":
        rows = [found.ids for found in tokenizer.encode_batch_fast(list(texts), add_special_tokens=False)]
        starts = np.concatenate([[0], np.cumsum([len(row) for row in rows], dtype=np.int64)])
        return cls(np.fromiter((i for row in rows for i in row), np.int32, int(starts[-1])), starts)

    def take(self, rows: NDArray[np.int64]) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
        """The ids of the drawn texts, one after the other, and how many each has."""
        parts = [self.ids[self.starts[k] : self.starts[k + 1]] for k in rows]
        return np.concatenate(parts), self.starts[rows + 1] - self.starts[rows]


def fit_lexicon(
    groups: Sequence[tuple[Sequence[Pair], float]],
    first: Tensor,
    old: Tensor,
    tokenizers: tuple[Tokenizer, Tokenizer],
    steps: int,
    *,
    batch: int = 2_048,
    rate: float = 3e-3,
    anchor: float = 2.0,
    scale: float = 20.0,
    seed: int = 13,
    report: Callable[[str], None] = print,
) -> Tensor:
    """Moves word embeddings to where sentence pairs want them.

    Args:
        groups: (English, other) pairs and the weight of the draw, group by group.
        first: Word embeddings to begin with, shape (n_new, hidden).
        old: The teacher's, shape (n_old, hidden).
        tokenizers: The teacher's and the new one.
        steps: Steps; the rate falls to zero in the last six tenths.
        batch: Pairs of a step.
        rate: Peak rate of the embeddings.
        anchor: How strongly a direction is held where it began.
        scale: Inverse temperature of the in-batch softmax.
        seed: Seed of the draws.
        report: Called with each progress line.

    Returns:
        float32, shape (n_new, hidden), each row of the length it had. A piece that turned out to weigh little,
        such as an article, stays near where it began: a bag says next to nothing about it.
    """
    groups = [(pairs, weight) for pairs, weight in groups if len(pairs)]
    sides = [[_Bags.of([pair[side] for pair in pairs], tokenizers[side]) for pairs, _ in groups] for side in (0, 1)]
    shares = np.array([weight for _, weight in groups])
    counts = sum(np.bincount(bags.ids, minlength=len(old)) for bags in sides[0])
    rarity = torch.from_numpy(FREQUENT / (FREQUENT + counts / counts.sum())).float()
    begin = functional.normalize(first, dim=1)
    directions, weights = first.clone().requires_grad_(), torch.zeros(len(first), requires_grad=True)
    optimizer = torch.optim.AdamW(
        [{"params": [directions]}, {"params": [weights]}], betas=BETAS, weight_decay=0.0, fused=True
    )
    rng, losses = np.random.default_rng(seed), list[float]()
    for step in range(steps):
        share = min(1.0, (step + 1) / 50, (steps - step) / max(1.0, 0.6 * steps))
        for group, peak in zip(optimizer.param_groups, (rate, WEIGHT_RATE), strict=True):
            group["lr"] = peak * share
        drawn = [
            (k, rng.integers(len(sides[0][k].starts) - 1, size=count))
            for k, count in enumerate(rng.multinomial(batch, shares / shares.sum()))
            if count
        ]
        english, other = ([bags[k].take(rows) for k, rows in drawn] for bags in sides)
        ids, lengths = (np.concatenate(part) for part in zip(*english, strict=True))
        pieces = torch.from_numpy(ids).long()
        targets = _sums(old, pieces, rarity[pieces], lengths)
        ids, lengths = (np.concatenate(part) for part in zip(*other, strict=True))
        unique, where = torch.unique(torch.from_numpy(ids).long(), return_inverse=True)
        towards = functional.normalize(directions[unique], dim=1)
        vectors = _sums(towards, where, functional.softplus(weights[unique])[where], lengths)
        known = functional.normalize(targets, dim=1)
        loss = distillation_loss(vectors, targets, known @ known.T > SAME, scale)
        held = anchor / batch * (towards - begin[unique]).square().sum()
        optimizer.zero_grad()
        (loss + held).backward()
        optimizer.step()
        losses.append(float(loss.detach()))
        if (step + 1) % REPORTED == 0:
            report(f"lexicon: step {step + 1}/{steps} {np.mean(losses[-REPORTED:]):.3f}")
    weight = functional.softplus(weights.detach())[:, None]
    moved = weight / (weight + weight.median() / 2)
    fitted = moved * functional.normalize(directions.detach(), dim=1) + (1 - moved) * begin
    return functional.normalize(fitted, dim=1) * first.norm(dim=1, keepdim=True)


def _sums(embeddings: Tensor, pieces: Tensor, weights: Tensor, lengths: NDArray[np.int64]) -> Tensor:
    """Weighted sum of the embeddings of each text's pieces, shape (n_texts, hidden)."""
    starts = torch.from_numpy(lengths.cumsum() - lengths)
    return functional.embedding_bag(pieces, embeddings, starts, mode="sum", per_sample_weights=weights)

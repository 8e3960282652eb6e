"""Bag of words: fits word embeddings to sentence pairs before any layer is trained.

The weighted sum of the embeddings of a sentence comes close to that of its translation (Hermann & Blunsom
2014, "Multilingual Models for Compositional Distributed Semantics"): here to the sum of the teacher's own
embeddings over the English side, where rare pieces weigh more (Arora et al. 2017, "A Simple but
Tough-to-Beat Baseline for Sentence Embeddings", section 3). No layer is run, so what rare words mean is
learnt in minutes; a long run through the layers sees them too seldom.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer
from torch import Tensor, nn
from torch.nn import functional

from recontact_data.errors import ModelError
from recontact_training.corpus import Pair
from recontact_training.recipe import PretrainRecipe
from recontact_training.student import BETAS, distillation_loss

BATCH = 2_048
WARMUP_STEPS = 50
FALL_SHARE = 0.6
FREQUENT = 1e-3  # share of all teacher's pieces at which one weighs half
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

    def __len__(self) -> int:
        return len(self.starts) - 1

    def take(self, rows: NDArray[np.int64]) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
        """The ids of the drawn texts, one after the other, and how many each has."""
        return np.concatenate([self.ids[self.starts[k] : self.starts[k + 1]] for k in rows]), np.diff(self.starts)[rows]


@dataclass(frozen=True)
class _Sentences:
    """Drawn texts as bags: their piece ids, one text after the other, and how many each has."""

    ids: Tensor
    lengths: NDArray[np.int64]

    def sums(self, embeddings: Tensor, ids: Tensor | None = None) -> Tensor:
        """Unit vectors along the sum of each text's embeddings, float32, shape (n_texts, hidden)."""
        starts = torch.from_numpy(self.lengths.cumsum() - self.lengths)
        found = functional.embedding_bag(self.ids if ids is None else ids, embeddings, starts, mode="sum")
        return functional.normalize(found, dim=1)


class _Groups:
    """Sentence pairs of several kinds as bags, and how often each kind is drawn."""

    def __init__(self, groups: Iterable[tuple[Sequence[Pair], float]], tokenizers: tuple[Tokenizer, Tokenizer]) -> None:
        self.english, self.other, self.weights = list[_Bags](), list[_Bags](), list[float]()
        for pairs, weight in groups:
            if pairs and weight:
                self.english.append(_Bags.of([pair[0] for pair in pairs], tokenizers[0]))
                self.other.append(_Bags.of([pair[1] for pair in pairs], tokenizers[1]))
                self.weights.append(weight)

    def english_shares(self, n_pieces: int) -> Tensor:
        """How large a share of all English pieces each is, shape (n_pieces,)."""
        counts = np.sum([np.bincount(bags.ids, minlength=n_pieces) for bags in self.english], axis=0)
        return torch.from_numpy(counts / counts.sum())

    def draws(self, seed: int) -> Iterator[tuple[_Sentences, _Sentences]]:
        """Yields both sides of `BATCH` pairs, without end."""
        rng, shares = np.random.default_rng(seed), np.array(self.weights) / sum(self.weights)
        while True:
            counts = rng.multinomial(BATCH, shares)
            drawn = [(k, rng.integers(len(self.english[k]), size=n)) for k, n in enumerate(counts) if n]
            yield _drawn(self.english, drawn), _drawn(self.other, drawn)


def _drawn(bags: Sequence[_Bags], drawn: Sequence[tuple[int, NDArray[np.int64]]]) -> _Sentences:
    ids, lengths = zip(*(bags[k].take(rows) for k, rows in drawn), strict=True)
    return _Sentences(torch.from_numpy(np.concatenate(ids)).long(), np.concatenate(lengths))


class _Words(nn.Module):
    """What is fitted: a direction and a weight for each piece."""

    def __init__(self, initial: Tensor) -> None:
        super().__init__()
        self.begin = functional.normalize(initial, dim=1)
        self.lengths = initial.norm(dim=1, keepdim=True)
        self.directions = nn.Parameter(self.begin.clone())
        self.weights = nn.Parameter(torch.zeros(len(initial)))

    def forward(self, sentences: _Sentences) -> tuple[Tensor, Tensor]:
        """The sentences' vectors, shape (n_texts, hidden), and how far their pieces are from where they began."""
        unique, where = torch.unique(sentences.ids, return_inverse=True)
        towards = functional.normalize(self.directions[unique], dim=1)
        vectors = sentences.sums(towards * functional.softplus(self.weights[unique])[:, None], where)
        return vectors, (towards - self.begin[unique]).square().sum()

    @torch.no_grad()
    def embeddings(self) -> Tensor:
        """The fitted embeddings, each the nearer to where it began the less it weighs."""
        weights = functional.softplus(self.weights)[:, None]
        moved = weights / (weights + weights.median() / 2)
        mixed = moved * functional.normalize(self.directions, dim=1) + (1 - moved) * self.begin
        found: Tensor = functional.normalize(mixed, dim=1) * self.lengths
        return found


def fit_word_embeddings(
    groups: Iterable[tuple[Sequence[Pair], float]],
    initial: Tensor,
    teacher: Tensor,
    tokenizers: tuple[Tokenizer, Tokenizer],
    recipe: PretrainRecipe,
    report: Callable[[str], None] = print,
) -> Tensor:
    """Moves word embeddings to where sentence pairs want them.

    Args:
        groups: (English, other) pairs of a kind, and the weight of the kind in the draw.
        initial: Word embeddings to begin with, float32, shape (n_pieces, hidden).
        teacher: The teacher's, float32, shape (n_teacher_pieces, hidden).
        tokenizers: The teacher's and the new one.
        recipe: Its `bag_steps`, `bag_rate`, `bag_anchor`, `contrastive_scale` and `seed` are used.
        report: Called with each progress line.

    Returns:
        float32, shape (n_pieces, hidden), each row of the length it had. Each direction lies between the initial
        and the fitted one: half-way for a piece that came to weigh half the median, and next to the initial one
        for a piece such as an article, of which a bag says little.

    Raises:
        ModelError: the loss is not a number.
    """
    found = _Groups(groups, tokenizers)
    if not found.weights:
        return initial.clone()
    shares = found.english_shares(len(teacher))
    known = (teacher * (FREQUENT / (FREQUENT + shares))[:, None]).float()
    words = _Words(initial)
    optimizer = torch.optim.AdamW(
        [{"params": [words.directions]}, {"params": [words.weights]}], betas=BETAS, weight_decay=0.0, fused=True
    )
    draws, losses = found.draws(recipe.seed), list[float]()
    for step in range(recipe.bag_steps):
        share = min(1.0, (step + 1) / WARMUP_STEPS, (recipe.bag_steps - step) / (FALL_SHARE * recipe.bag_steps))
        for group, peak in zip(optimizer.param_groups, (recipe.bag_rate, WEIGHT_RATE), strict=True):
            group["lr"] = peak * share
        english, other = next(draws)
        targets = english.sums(known)
        vectors, moved = words(other)
        loss = distillation_loss(vectors, targets, targets @ targets.T > SAME, recipe.contrastive_scale)
        optimizer.zero_grad()
        (loss + recipe.bag_anchor / BATCH * moved).backward()
        optimizer.step()
        losses.append(float(loss.detach()))
        if (step + 1) % REPORTED == 0:
            report(f"bags of words: step {step + 1}/{recipe.bag_steps} {np.mean(losses[-REPORTED:]):.3f}")
    if not words.directions.isfinite().all():
        raise ModelError("the word embeddings are not numbers after the bags of words; lower bag_rate")
    return words.embeddings()

"""Student: the encoder that is pretrained, what it is asked, and what its answers cost."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional
from transformers import PreTrainedModel

BETAS = (0.9, 0.98)  # Adam's: a short memory, so that a piece that is rarely seen does not leap when it is


def word_embeddings(model: PreTrainedModel) -> nn.Parameter:
    """The word embeddings of an encoder, shape (vocabulary, hidden)."""
    weight = model.get_input_embeddings().weight
    assert isinstance(weight, nn.Parameter)
    return weight


class Student(nn.Module):
    """An encoder with the language-modelling head it is pretrained with (tied to its embeddings)."""

    def __init__(self, encoder: PreTrainedModel) -> None:
        super().__init__()
        self.encoder = encoder
        width = int(encoder.config.hidden_size)
        self.transform = nn.Sequential(nn.Linear(width, width), nn.GELU(), nn.LayerNorm(width))
        self.bias = nn.Parameter(torch.zeros(len(word_embeddings(encoder))))

    def forward(
        self, ids: Tensor, mask: Tensor, chosen: Tensor | None = None, candidates: Tensor | None = None
    ) -> Tensor:
        """Last hidden states (batch, length, hidden), or logits of candidates at chosen places (n, n_candidates)."""
        states: Tensor = self.encoder(input_ids=ids, attention_mask=mask).last_hidden_state
        if chosen is None or candidates is None:
            return states
        guessed = self.transform(states[chosen])
        pieces = functional.embedding(candidates, word_embeddings(self.encoder))
        return functional.linear(guessed, pieces, self.bias[candidates])


def mean_vector(states: Tensor, mask: Tensor) -> Tensor:
    """Mean of the states of real pieces, shape (batch, hidden), float32."""
    weight = mask[..., None].float()
    return (states.float() * weight).sum(1) / weight.sum(1)


def distillation_loss(vectors: Tensor, targets: Tensor, same: Tensor, scale: float) -> Tensor:
    """Squared error of unit vectors plus in-batch softmax over cosines, either way.

    Args:
        vectors: The student's, shape (batch, hidden).
        targets: The teacher's, shape (batch, hidden).
        same: Where two sentences have one translation, which is no wrong answer; bool, shape (batch, batch).
        scale: Inverse temperature of the softmax.
    """
    vectors, targets = functional.normalize(vectors, dim=-1), functional.normalize(targets, dim=-1)
    error = (vectors - targets).square().sum(-1).mean()
    cosines = (scale * vectors @ targets.T).masked_fill(
        same & ~torch.eye(len(same), dtype=torch.bool).to(same.device), -1e4
    )
    right = torch.arange(len(vectors), device=vectors.device)
    return error + (functional.cross_entropy(cosines, right) + functional.cross_entropy(cosines.T, right)) / 2


def pad(rows: Sequence[Sequence[int]], pad_id: int) -> tuple[Tensor, Tensor]:
    """Piece ids and attention mask, each of shape (batch, longest), int64."""
    longest = max(len(row) for row in rows)
    ids = torch.tensor([[*row, *[pad_id] * (longest - len(row))] for row in rows])
    return ids, (ids != pad_id).long()


def hide(
    ids: Tensor, share: float, mask_id: int, special: Tensor, starts: Tensor, generator: torch.Generator
) -> tuple[Tensor, Tensor]:
    """Hides a share of the words behind [MASK], each whole.

    Args:
        ids: Piece ids, shape (batch, length).
        share: Share of the words.
        mask_id: What is put in their place.
        special: Piece ids that are never hidden.
        starts: Whether a piece begins a word, shape (vocabulary,).
        generator: Where the draw comes from.

    Returns:
        The new ids and where words were hidden, both (batch, length).
    """
    word = starts[ids].cumsum(1)
    drawn = torch.rand(ids.shape, generator=generator) < share
    chosen = drawn.gather(1, word.clamp_max(ids.shape[1] - 1)) & ~torch.isin(ids, special)
    return ids.masked_fill(chosen, mask_id), chosen

"""Dataset: from labelled comments to the tensors that fine-tuning reads."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.utils.data import Dataset
from transformers import PreTrainedTokenizerBase

from recontact_data.errors import LabelError
from recontact_data.labels import LabelledComment
from recontact_training.recipe import FinetuneRecipe
from recontact_training.variants import Variants

IGNORED = -100.0


class Comments(Dataset[dict[str, Any]]):
    """Pieces and targets of each comment, as it is read in the epoch under way (`variants`).

    Fields: `input_ids`; `labels`, n_causes numbers of 0 or 1; `evidence`, for each piece n_causes numbers:
    1 where the piece lies in a stretch that states the cause, else 0, and IGNORED for special pieces and
    for comments whose evidence is not marked.

    Raises:
        LabelError: a comment has a label that is not among the causes.
    """

    def __init__(
        self,
        rows: Sequence[LabelledComment],
        tokenizer: PreTrainedTokenizerBase,
        causes: Sequence[str],
        recipe: FinetuneRecipe,
    ) -> None:
        if unknown := sorted({label for row in rows for label in row.labels} - set(causes)):
            raise LabelError(f"label {unknown[0]!r} is not a cause of the taxonomy; known: {', '.join(causes)}")
        self.tokenizer, self.causes, self.max_length = tokenizer, causes, recipe.max_length
        self.variants = Variants(rows, recipe.untidy_share, recipe.joined_share, recipe.seed)
        self.epoch = 0

    def set_epoch(self, epoch: int) -> None:
        """Says which epoch begins, or goes on; the Trainer's loader calls it."""
        self.epoch = epoch

    def __len__(self) -> int:
        return len(self.variants.rows)

    def __getitem__(self, place: int) -> dict[str, Any]:
        row = self.variants(place, self.epoch)
        encoded = self.tokenizer(row.text, truncation=True, max_length=self.max_length, return_offsets_mapping=True)
        return {
            "input_ids": encoded["input_ids"],
            "labels": [float(cause in row.labels) for cause in self.causes],
            "evidence": _piece_targets(row, encoded["offset_mapping"], self.causes),
        }


def _piece_targets(
    row: LabelledComment, offsets: Sequence[tuple[int, int]], causes: Sequence[str]
) -> list[list[float]]:
    unmarked = bool(row.labels) and not row.evidence
    targets = []
    for start, end in offsets:
        if unmarked or start == end:
            targets.append([IGNORED] * len(causes))
            continue
        inside = {span.cause for span in row.evidence if span.start < end and start < span.end}
        targets.append([float(cause in inside) for cause in causes])
    return targets


@dataclass(frozen=True)
class Collator:
    """Pads a batch to its longest comment.

    Attributes:
        pad_id: Piece that fills the rest.
    """

    pad_id: int

    def __call__(self, features: list[dict[str, Any]]) -> dict[str, Tensor]:
        """Stacks features; pieces beyond a comment are masked and their evidence IGNORED."""
        longest = max(len(feature["input_ids"]) for feature in features)
        width = len(features[0]["labels"])
        ids = torch.full((len(features), longest), self.pad_id)
        mask = torch.zeros((len(features), longest), dtype=torch.long)
        evidence = torch.full((len(features), longest, width), IGNORED)
        for k, feature in enumerate(features):
            length = len(feature["input_ids"])
            ids[k, :length] = torch.tensor(feature["input_ids"])
            mask[k, :length] = 1
            evidence[k, :length] = torch.tensor(feature["evidence"])
        labels = torch.tensor([feature["labels"] for feature in features])
        return {"input_ids": ids, "attention_mask": mask, "labels": labels, "evidence": evidence}

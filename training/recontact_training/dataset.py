"""Dataset: from labelled comments to the tensors that fine-tuning reads."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from datasets import Dataset
from torch import Tensor
from transformers import PreTrainedTokenizerBase

from recontact_data.errors import LabelError
from recontact_data.labels import LabelledComment

IGNORED = -100.0


def make_dataset(
    rows: Sequence[LabelledComment], tokenizer: PreTrainedTokenizerBase, causes: Sequence[str], max_length: int
) -> Dataset:
    """Pieces and targets of each comment.

    Columns: `input_ids`; `labels`, n_causes numbers of 0 or 1; `evidence`, for each piece n_causes numbers:
    1 where the piece lies in a stretch that states the cause, else 0, and IGNORED for special pieces and
    for comments whose evidence is not marked.
    """
    if unknown := sorted({label for row in rows for label in row.labels} - set(causes)):
        raise LabelError(f"label {unknown[0]!r} is not a cause of the taxonomy; known: {', '.join(causes)}")
    encoded = tokenizer([row.text for row in rows], truncation=True, max_length=max_length, return_offsets_mapping=True)
    return Dataset.from_dict(
        {
            "input_ids": encoded["input_ids"],
            "labels": [[float(cause in row.labels) for cause in causes] for row in rows],
            "evidence": [
                _piece_targets(row, offsets, causes)
                for row, offsets in zip(rows, encoded["offset_mapping"], strict=True)
            ],
        }
    )


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

"""The two heads that learn together: which causes a comment states, and at which words.

The second is told apart from the plain Transformers folder, which stays loadable by every tool; it teaches a
small encoder where to look, and gives each answer its evidence.
"""

from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn import functional
from transformers import (
    AutoModelForSequenceClassification,
    AutoTokenizer,
    PreTrainedModel,
    PreTrainedTokenizerBase,
)

from recontact.artifact import EVIDENCE, TAXONOMY
from recontact_data.errors import ModelError
from recontact_data.taxonomy import Taxonomy, load_taxonomy
from recontact_training.dataset import IGNORED
from recontact_training.export import last_layer
from recontact_training.plain_letters import read_plain_letters
from recontact_training.recipe import FinetuneRecipe


class TwoHeads(nn.Module):
    """A sequence classifier with a second head that scores each piece for each cause.

    Attributes:
        lower_precision: Whether training steps multiply in bfloat16.
        mask_id: The piece that hides others while training; None where the vocabulary has none.
    """

    def __init__(self, model: PreTrainedModel, recipe: FinetuneRecipe, positive_weight: Tensor) -> None:
        super().__init__()
        self.model = model
        self.evidence = nn.Linear(int(model.config.hidden_size), len(positive_weight))
        self.recipe = recipe
        self.lower_precision = False
        self.mask_id: int | None = None
        self.positive_weight: Tensor
        self.register_buffer("positive_weight", positive_weight, persistent=False)

    def forward(
        self,
        input_ids: Tensor,
        attention_mask: Tensor,
        labels: Tensor | None = None,
        evidence: Tensor | None = None,
    ) -> dict[str, Tensor]:
        """Logits (batch, n_causes), of the pieces (batch, length, n_causes) and, given targets, the loss."""
        if self.training:
            input_ids = self._hide(input_ids, attention_mask)
        with torch.autocast(input_ids.device.type, torch.bfloat16, enabled=self.lower_precision and self.training):
            out = self.model(input_ids=input_ids, attention_mask=attention_mask, output_hidden_states=True)
            pieces = self.evidence(out.hidden_states[-1])
        found = {"logits": out.logits, "pieces": pieces}
        if labels is not None and evidence is not None:
            found["loss"] = self._loss(out.logits, pieces, labels, evidence)
        return found

    def _hide(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        """Hides a share of the pieces, other ones each time, so that no row is learnt by heart.

        Here rather than where batches are made: those are made one step ahead, which a stopped run could not repeat.
        """
        if not self.recipe.hidden_share or self.mask_id is None:
            return input_ids
        places = torch.arange(input_ids.shape[1], device=input_ids.device)
        inside = (places > 0) & (places < attention_mask.sum(1, keepdim=True) - 1)
        hidden = inside & (torch.rand(input_ids.shape, device=input_ids.device) < self.recipe.hidden_share)
        return input_ids.masked_fill(hidden, self.mask_id)

    def _loss(self, logits: Tensor, pieces: Tensor, labels: Tensor, evidence: Tensor) -> Tensor:
        smooth = self.recipe.label_smoothing
        targets = labels * (1 - smooth) + smooth / 2
        loss = functional.binary_cross_entropy_with_logits(logits.float(), targets, pos_weight=self.positive_weight)
        known = evidence != IGNORED
        if not known.any():
            return loss
        marked = functional.binary_cross_entropy_with_logits(pieces[known].float(), evidence[known])
        return loss + self.recipe.evidence_weight * marked


def load_two_heads(
    base: str | Path, taxonomy: Taxonomy, recipe: FinetuneRecipe, positive_weight: Tensor
) -> tuple[TwoHeads, PreTrainedTokenizerBase]:
    """Opens an encoder, or a recontact model whose heads go on if it knows the same causes.

    Raises:
        ModelError: the base cannot be loaded, or has no tokenizer with offsets.
    """
    names: dict[str, Any] = {
        "num_labels": len(taxonomy),
        "id2label": dict(enumerate(taxonomy.ids)),
        "label2id": {cause: k for k, cause in enumerate(taxonomy.ids)},
        "problem_type": "multi_label_classification",
        "hidden_dropout_prob": recipe.dropout,
        "ignore_mismatched_sizes": True,
        "dtype": torch.float32,
    }
    try:
        model = AutoModelForSequenceClassification.from_pretrained(base, **names)
        tokenizer = AutoTokenizer.from_pretrained(base)
    except (OSError, ValueError) as error:
        message = " ".join(str(error).split())
        raise ModelError(f"no encoder at {base}: {message[:200]}; give a Transformers folder or hub name") from error
    if not tokenizer.is_fast:
        raise ModelError(f"the tokenizer of {base} has no tokenizer.json; save it with a fast tokenizer")
    if recipe.plain_letters:
        read_plain_letters(model, tokenizer)
    if not recipe.embedding_factor:
        model.get_input_embeddings().requires_grad_(False)
    heads = TwoHeads(model, recipe, positive_weight)
    heads.mask_id = tokenizer.mask_token_id
    if (Path(base) / EVIDENCE).is_file():
        if load_taxonomy(Path(base) / TAXONOMY).ids == taxonomy.ids:
            heads.evidence.load_state_dict({k: v.float() for k, v in load_file(Path(base) / EVIDENCE).items()})
        else:
            last_layer(model).reset_parameters()
    return heads, tokenizer


def parameter_groups(model: TwoHeads, recipe: FinetuneRecipe) -> list[dict[str, Any]]:
    """Learning rate and weight decay of each parameter: heads, then layers from the last to the first."""
    depth = int(getattr(model.model.config, "num_hidden_layers", 0))
    groups: dict[tuple[float, float], list[nn.Parameter]] = {}
    for name, parameter in model.named_parameters():
        if not parameter.requires_grad:
            continue
        if name.startswith(("evidence.", "model.classifier.", "model.score.", "model.head.")):
            rate = recipe.head_rate
        else:
            layers = [int(part) for part in name.split(".") if part.isdigit()]
            below = depth - 1 - layers[0] if layers else (depth if "embed" in name else 0)
            rate = recipe.learning_rate * recipe.layer_decay**below
            if parameter is model.model.get_input_embeddings().weight:
                rate *= recipe.embedding_factor
        decay = recipe.weight_decay if parameter.dim() > 1 else 0.0
        groups.setdefault((rate, decay), []).append(parameter)
    return [{"params": p, "lr": rate, "weight_decay": decay} for (rate, decay), p in groups.items()]


def round_to_half(model: nn.Module) -> None:
    """Rounds weights to the half precision they are stored in, so that what is calibrated is what ships."""
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(parameter.half().float())

"""The training loop: steps over labelled comments, which may stop anywhere and go on from the last checkpoint."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from transformers import (
    PreTrainedTokenizerBase,
    PrinterCallback,
    Trainer,
    TrainerCallback,
    TrainingArguments,
    set_seed,
)

from recontact_data.labels import LabelledComment, label_matrix
from recontact_data.taxonomy import Taxonomy
from recontact_training.checkpoints import Checkpoints, PartialRun
from recontact_training.dataset import Collator, Comments
from recontact_training.devices import half_precision_pays
from recontact_training.heads import TwoHeads, load_two_heads, parameter_groups
from recontact_training.mean_of_epochs import MeanOfEpochs
from recontact_training.recipe import FinetuneRecipe

LOGS = 40  # of a run, or one every 50 steps if that is more


def train_heads(
    train: Sequence[LabelledComment],
    base: str | Path,
    taxonomy: Taxonomy,
    recipe: FinetuneRecipe,
    run: PartialRun,
    callbacks: Sequence[TrainerCallback] = (),
    visits: Sequence[int] | None = None,
) -> tuple[TwoHeads, PreTrainedTokenizerBase]:
    """Trains both heads and the encoder; same seed and machine, same weights, stopped on the way or not.

    Args:
        train: The rows to learn from.
        base: An encoder folder, a hub name or a recontact model.
        taxonomy: The causes.
        recipe: The dials.
        run: Where checkpoints are kept, and gone on from.
        callbacks: Trainer callbacks, such as a progress bar.
        visits: How often an epoch sees each row; None for once.
    """
    set_seed(recipe.seed)
    model, tokenizer = load_two_heads(base, taxonomy, recipe, _positive_weight(train, taxonomy, recipe))
    often = visits or [1] * len(train)
    rows = [
        row
        for row, number in zip(train, often, strict=True)
        for _ in range(number * recipe.priority.get(row.language, 1))
    ]
    steps = -(-len(rows) // recipe.batch_size) * recipe.epochs
    arguments = _arguments(recipe, run, steps)
    mean = MeanOfEpochs(recipe.epochs, recipe.mean_of_epochs)
    trainer = Trainer(
        model=model,
        args=arguments,
        train_dataset=Comments(rows, tokenizer, taxonomy.ids, recipe),
        data_collator=Collator(tokenizer.pad_token_id),
        optimizers=_optimizer(model, recipe, steps),
        callbacks=[mean, Checkpoints(run, mean, recipe.checkpoint_minutes), *callbacks],
    )
    trainer.remove_callback(PrinterCallback)  # it prints to standard output; callers bring their own
    model.lower_precision = half_precision_pays(arguments.device)
    if model.lower_precision and arguments.device.type == "cpu":
        # Fused attention is slow in half precision there (docs/experiments/2026-11-22-encoder.md).
        model.model.set_attn_implementation("eager")
    trainer.train(resume_from_checkpoint=str(run.checkpoint) if run.checkpoint else None)
    return model.eval(), tokenizer


def _positive_weight(train: Sequence[LabelledComment], taxonomy: Taxonomy, recipe: FinetuneRecipe) -> torch.Tensor:
    hits = label_matrix(train, taxonomy).sum(0).clip(1)
    return torch.tensor(np.power((len(train) - hits) / hits, recipe.positive_weight), dtype=torch.float32)


def _optimizer(
    model: TwoHeads, recipe: FinetuneRecipe, steps: int
) -> tuple[torch.optim.Optimizer, torch.optim.lr_scheduler.LambdaLR]:
    """The optimizer, and rates that rise over the first steps and then fall to zero."""
    optimizer = torch.optim.AdamW(parameter_groups(model, recipe), fused=True)
    warmup = max(1, round(steps * recipe.warmup_share))
    return optimizer, torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: min((step + 1) / warmup, max(0.0, (steps - step) / max(1, steps - warmup)))
    )


def _arguments(recipe: FinetuneRecipe, run: PartialRun, steps: int) -> TrainingArguments:
    return TrainingArguments(
        output_dir=str(run.path),
        num_train_epochs=recipe.epochs,
        per_device_train_batch_size=recipe.batch_size,
        train_sampling_strategy="group_by_length",
        seed=recipe.seed,
        max_grad_norm=1.0,
        logging_steps=max(1, min(50, steps // LOGS)),
        save_strategy="no",  # `Checkpoints` says when
        report_to="none",
        remove_unused_columns=False,
        disable_tqdm=True,
        dataloader_pin_memory=False,
    )

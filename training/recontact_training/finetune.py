"""Fine-tuning: from an encoder and labelled comments to a model folder.

Two heads learn together: which causes a comment states, and at which words. The second is told apart
from the plain Transformers folder, which stays loadable by every tool; it teaches a small encoder where
to look, and gives each answer its evidence.
"""

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn import functional
from transformers import (
    AutoModelForSequenceClassification,
    AutoTokenizer,
    PreTrainedModel,
    PreTrainedTokenizerBase,
    PrinterCallback,
    Trainer,
    TrainerCallback,
    TrainingArguments,
    set_seed,
)

from recontact.artifact import BUNDLED, EVIDENCE, TAXONOMY, taxonomy_file_of
from recontact.text import cut_windows
from recontact_data.errors import LabelError, ModelError
from recontact_data.labels import LabelledComment
from recontact_data.splits import with_splits
from recontact_data.taxonomy import Taxonomy, load_taxonomy
from recontact_training.dataset import IGNORED, Collator, make_dataset
from recontact_training.devices import half_precision_pays
from recontact_training.export import calibrate, calibration_warnings, export, last_layer
from recontact_training.recipe import FinetuneRecipe, load_recipe

Report = Callable[[str], None]
FEWEST = 20


class TwoHeads(nn.Module):
    """A sequence classifier with a second head that scores each piece for each cause.

    Attributes:
        lower_precision: Whether training steps multiply in bfloat16.
    """

    def __init__(self, model: PreTrainedModel, recipe: FinetuneRecipe, positive_weight: Tensor) -> None:
        super().__init__()
        self.model = model
        self.evidence = nn.Linear(int(model.config.hidden_size), len(positive_weight))
        self.recipe = recipe
        self.lower_precision = False
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
        with torch.autocast(input_ids.device.type, torch.bfloat16, enabled=self.lower_precision and self.training):
            out = self.model(input_ids=input_ids, attention_mask=attention_mask, output_hidden_states=True)
            pieces = self.evidence(out.hidden_states[-1])
        found = {"logits": out.logits, "pieces": pieces}
        if labels is not None and evidence is not None:
            found["loss"] = self._loss(out.logits, pieces, labels, evidence)
        return found

    def _loss(self, logits: Tensor, pieces: Tensor, labels: Tensor, evidence: Tensor) -> Tensor:
        smooth = self.recipe.label_smoothing
        targets = labels * (1 - smooth) + smooth / 2
        loss = functional.binary_cross_entropy_with_logits(logits.float(), targets, pos_weight=self.positive_weight)
        known = evidence != IGNORED
        if not known.any():
            return loss
        marked = functional.binary_cross_entropy_with_logits(pieces[known].float(), evidence[known])
        return loss + self.recipe.evidence_weight * marked


class MeanOfEpochs(TrainerCallback):
    """Averages the weights of the last epochs into the model when training ends."""

    def __init__(self, epochs: int, last: int) -> None:
        self.epochs, self.last = epochs, last
        self.total: dict[str, Tensor] = {}

    def on_epoch_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Adds this epoch's weights if it is one of the last."""
        model: nn.Module = kwargs["model"]
        if round(state.epoch) > self.epochs - self.last:
            for name, weight in model.state_dict().items():
                self.total[name] = self.total.get(name, torch.zeros_like(weight)) + weight / self.last

    def on_train_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Puts the mean in."""
        if self.total:
            kwargs["model"].load_state_dict(self.total)


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
    heads = TwoHeads(model, recipe, positive_weight)
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
        if name.startswith(("evidence.", "model.classifier.", "model.score.", "model.head.")):
            rate = recipe.head_rate
        elif recipe.embedding_rate and "word_embeddings" in name:
            rate = recipe.embedding_rate
        else:
            layers = [int(part) for part in name.split(".") if part.isdigit()]
            below = depth - 1 - layers[0] if layers else (depth if "embed" in name else 0)
            rate = recipe.learning_rate * recipe.layer_decay**below
        decay = recipe.weight_decay if parameter.dim() > 1 else 0.0
        groups.setdefault((rate, decay), []).append(parameter)
    return [{"params": p, "lr": rate, "weight_decay": decay} for (rate, decay), p in groups.items()]


def train_heads(
    train: Sequence[LabelledComment],
    base: str | Path,
    taxonomy: Taxonomy,
    recipe: FinetuneRecipe,
    work: Path,
    callbacks: Sequence[TrainerCallback] = (),
) -> tuple[TwoHeads, PreTrainedTokenizerBase]:
    """Trains both heads and the encoder on the rows of the training split; same seed and machine, same weights."""
    set_seed(recipe.seed)
    hits = np.array([[cause in row.labels for cause in taxonomy.ids] for row in train]).sum(0).clip(1)
    weight = torch.tensor(((len(train) - hits) / hits) ** recipe.positive_weight, dtype=torch.float32)
    model, tokenizer = load_two_heads(base, taxonomy, recipe, weight)
    rows = [row for row in train for _ in range(recipe.priority.get(row.language, 1))]
    dataset = make_dataset(rows, tokenizer, taxonomy.ids, recipe.max_length)
    optimizer = torch.optim.AdamW(parameter_groups(model, recipe), fused=True)
    steps = -(-len(rows) // recipe.batch_size) * recipe.epochs
    warmup = max(1, round(steps * recipe.warmup_share))
    falling = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: min((step + 1) / warmup, max(0.0, (steps - step) / max(1, steps - warmup)))
    )
    arguments = TrainingArguments(
        output_dir=str(work),
        num_train_epochs=recipe.epochs,
        per_device_train_batch_size=recipe.batch_size,
        train_sampling_strategy="group_by_length",
        seed=recipe.seed,
        max_grad_norm=1.0,
        logging_steps=50,
        save_strategy="no",
        report_to="none",
        remove_unused_columns=False,
        disable_tqdm=True,
        dataloader_pin_memory=False,
    )
    trainer = Trainer(
        model=model,
        args=arguments,
        train_dataset=dataset,
        data_collator=Collator(tokenizer.pad_token_id, tokenizer.mask_token_id, recipe.hidden_share),
        optimizers=(optimizer, falling),
        callbacks=[MeanOfEpochs(recipe.epochs, recipe.mean_of_epochs), *callbacks],
    )
    trainer.remove_callback(PrinterCallback)  # it prints to standard output; callers bring their own
    model.lower_precision = half_precision_pays(arguments.device)
    if model.lower_precision and arguments.device.type == "cpu":
        # Fused attention is slow in half precision there (docs/experiments/2026-11-22-encoder.md).
        model.model.set_attn_implementation("eager")
    trainer.train()
    return model.eval(), tokenizer


@torch.inference_mode()
def score(
    model: TwoHeads, tokenizer: PreTrainedTokenizerBase, texts: Sequence[str], max_length: int
) -> NDArray[np.float64]:
    """Logits of each comment, shape (n, n_causes); of long ones merged over windows, as the model is used."""
    found = []
    device = next(model.parameters()).device
    for text in texts:
        pieces = cut_windows(tokenizer(text, truncation=False, verbose=False).encodings[0], max_length)
        rows = [torch.tensor([window.ids], device=device) for window in pieces.windows]
        logits = torch.cat([model(ids, torch.ones_like(ids))["logits"] for ids in rows]).amax(0)
        found.append(logits.double().cpu().numpy())
    return np.stack(found)


def finetune(
    rows: Sequence[LabelledComment],
    base: str | Path,
    out: Path,
    *,
    recipe: FinetuneRecipe | None = None,
    taxonomy_file: Path | None = None,
    name: str = "recontact",
    report: Report = lambda message: None,
    callbacks: Sequence[TrainerCallback] = (),
) -> Path:
    """Trains a model on labelled comments and writes its folder.

    Rows without a split get one: 70 % train, 15 % validation (calibration and cuts), 15 % test (unused).

    Args:
        rows: Labelled comments.
        base: An encoder folder, a hub name or a recontact model.
        out: The folder to make; must not hold files yet.
        recipe: The dials; None for `finetune.yaml`.
        taxonomy_file: The user's own causes; None for those of the base, or the bundled ones.
        name: The model's name in `model_version`.
        report: Called with each progress line.
        callbacks: Trainer callbacks, such as a progress bar.

    Returns:
        `out`.

    Raises:
        LabelError: there are no training or validation rows, or a label is unknown.
        ModelError: the base cannot be loaded, or `out` is taken.
    """
    recipe = recipe or load_recipe("finetune", FinetuneRecipe)
    taxonomy_file = taxonomy_file_of(base, taxonomy_file)
    taxonomy = load_taxonomy(taxonomy_file)
    check_out(out)
    if unknown := sorted({label for row in rows for label in row.labels} - set(taxonomy.ids)):
        raise LabelError(f"label {unknown[0]!r} is not a cause of the taxonomy; known: {', '.join(taxonomy.ids)}")
    rows = with_splits(rows)
    train = [row for row in rows if row.split == "train"]
    validation = [row for row in rows if row.split == "validation"]
    if not train or not validation:
        raise LabelError(f"{len(rows)} labelled comments are too few to train on; give at least {FEWEST}")
    for message in thin_causes(train, taxonomy):
        report(message)
    with tempfile.TemporaryDirectory() as work:
        model, tokenizer = train_heads(train, base, taxonomy, recipe, Path(work), callbacks)
    model.cpu()
    round_to_half(model)
    reads = min(recipe.max_length, int(getattr(model.model.config, "max_position_embeddings", recipe.max_length)))
    logits = score(model, tokenizer, [row.text for row in validation], reads)
    calibration = calibrate(logits, validation, taxonomy, recipe.review_precision)
    for message in calibration_warnings(calibration, len(validation)):
        report(message)
    export(
        model.model, model.evidence, tokenizer, calibration, out,
        taxonomy_file=taxonomy_file, rows=rows, recipe=asdict(recipe), name=name, max_length=reads,
    )  # fmt: skip
    return out


def check_out(out: Path) -> None:
    """Says before a long run, not after it, that a model cannot be written.

    Raises:
        ModelError: `out` holds something, or its parent is not writable.
    """
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise ModelError(f"{out} is not an empty folder; choose a new folder with -o, or remove it")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=out.parent):
            pass
    except OSError as error:
        raise ModelError(f"cannot write in {out.parent} ({error.strerror}); choose another folder with -o") from error


def round_to_half(model: nn.Module) -> None:
    """Rounds weights to the half precision they are stored in, so that what is calibrated is what ships."""
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(parameter.half().float())


def thin_causes(train: Sequence[LabelledComment], taxonomy: Taxonomy) -> list[str]:
    """A warning for each cause with too few training rows to learn from."""
    counts = {cause: sum(cause in row.labels for row in train) for cause in taxonomy.ids}
    return [
        f"only {count} training comments state {cause}; give at least {FEWEST}"
        for cause, count in counts.items()
        if count < FEWEST
    ]


def fit_classifier(
    texts: Sequence[str], labels: Sequence[Sequence[str]], base: str | Path | None, recipe: str | Path, out: Path
) -> Path:
    """Fine-tunes on plain texts and labels, for `CauseClassifier.fit`; returns `out`."""
    if len(texts) != len(labels):
        raise LabelError(f"{len(texts)} texts and {len(labels)} label lists; give one list a text")
    rows = [
        LabelledComment(
            id=str(k), text=text, language="und", labels=tuple(stated), primary=stated[0] if stated else "none"
        )
        for k, (text, stated) in enumerate(zip(texts, labels, strict=True))
    ]
    return finetune(rows, BUNDLED if base is None else base, out, recipe=load_recipe(recipe, FinetuneRecipe))

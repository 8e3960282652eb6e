"""A toy model, made in seconds: a tiny random encoder, fine-tuned on a handful of comments."""

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors, trainers
from transformers import BertConfig, BertModel, PreTrainedTokenizerFast, set_seed

from recontact import CauseClassifier
from recontact.artifact import WEIGHTS, fingerprints, read_manifest, sha256, write_manifest
from recontact.calibration import Calibration
from recontact_data.labels import LabelledComment, Span
from recontact_training.export import SMALLEST_SHARED
from recontact_training.finetune import finetune
from recontact_training.recipe import FinetuneRecipe

STATED = {
    "solution_failed": ["the repair did not help", "the fix changed nothing", "still broken after the repair"],
    "no_callback": ["they never called back", "nobody wrote back to me", "the promised call never came"],
    "long_wait": ["hung up after an hour in the queue", "nobody picks up the phone", "waited until I gave up"],
    "none": ["friendly and quick", "all good, thank you", "the price is high but the help was fine"],
}
STORIES = ["{} and the boiler is old", "I moved in May, {}", "{}!!", "my bank card: {}", "{} says my neighbour"]


@pytest.fixture(scope="session", autouse=True)
def _own_data(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Servers keep their jobs in a folder of the tests."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("RECONTACT_DATA", str(tmp_path_factory.mktemp("data")))
        environment.setenv("RECONTACT_ALLOWED_HOSTS", '["testserver"]')
        yield


@pytest.fixture(scope="session")
def rows() -> list[LabelledComment]:
    """Comments of four kinds, each with its evidence; enough for a tiny model to learn by heart."""
    made = []
    for cause, phrases in STATED.items():
        for phrase in phrases:
            for story in STORIES:
                text, start = story.format(phrase), story.index("{}")
                labels = () if cause == "none" else (cause,)
                spans = tuple(Span(label, start, start + len(phrase)) for label in labels)
                split = ("train", "train", "train", "validation", "test")[len(made) % 5]
                made.append(
                    LabelledComment(
                        id=f"toy-{len(made)}",
                        text=text,
                        language="en",
                        labels=labels,
                        primary=cause,
                        evidence=spans,
                        industry="bank",
                        channel="phone",
                        source="toy",
                        split=split,
                    )
                )
    return made


@pytest.fixture(scope="session")
def encoder(tmp_path_factory: pytest.TempPathFactory, rows: list[LabelledComment]) -> Path:
    """A random BERT of two narrow layers with a vocabulary of its own."""
    folder = tmp_path_factory.mktemp("encoder")
    tokenizer = Tokenizer(models.Unigram())
    tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    trainer = trainers.UnigramTrainer(vocab_size=300, special_tokens=special, unk_token="[UNK]")
    tokenizer.train_from_iterator([row.text for row in rows], trainer)
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, pad_token="[PAD]", unk_token="[UNK]", cls_token="[CLS]", sep_token="[SEP]",
        mask_token="[MASK]", model_input_names=["input_ids", "attention_mask"], model_max_length=128,
    ).save_pretrained(folder)  # fmt: skip
    set_seed(1)
    config = BertConfig(
        vocab_size=tokenizer.get_vocab_size(), hidden_size=32, num_hidden_layers=2, num_attention_heads=2,
        intermediate_size=64, max_position_embeddings=128, pad_token_id=0, initializer_range=0.2,
    )  # fmt: skip
    BertModel(config).to(torch.float32).save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def recipe() -> FinetuneRecipe:
    """Dials that suit the toy."""
    return FinetuneRecipe(epochs=40, batch_size=8, learning_rate=5e-3, head_rate=5e-3, dropout=0.0, mean_of_epochs=1)


@pytest.fixture(scope="session")
def model_folder(
    tmp_path_factory: pytest.TempPathFactory, rows: list[LabelledComment], encoder: Path, recipe: FinetuneRecipe
) -> Path:
    """The toy model's folder."""
    return finetune(rows, encoder, tmp_path_factory.mktemp("model") / "toy", recipe=recipe, name="toy")


@pytest.fixture(scope="session")
def classifier(model_folder: Path) -> CauseClassifier:
    """The toy model, opened."""
    return CauseClassifier.load(model_folder)


@pytest.fixture(scope="session")
def unmeasured(tmp_path_factory: pytest.TempPathFactory, model_folder: Path) -> CauseClassifier:
    """The toy model as it was made before cuts for a precision were kept."""
    folder = shutil.copytree(model_folder, tmp_path_factory.mktemp("unmeasured") / "toy")
    replace(Calibration.load(folder), curve=None).save(folder)
    sign(folder)
    return CauseClassifier.load(folder)


@pytest.fixture(scope="session")
def spoiled_folder(tmp_path_factory: pytest.TempPathFactory, model_folder: Path) -> Path:
    """The toy model with its weights shuffled: whole files, a graph that agrees, useless answers."""
    folder = shutil.copytree(model_folder, tmp_path_factory.mktemp("spoiled") / "toy")
    random = torch.Generator().manual_seed(1)
    weights = load_file(folder / WEIGHTS)
    for name, weight in weights.items():
        if weight.numel() >= SMALLEST_SHARED:  # the graph has its own copy of smaller ones
            order = torch.randperm(weight.numel(), generator=random)
            weights[name] = weight.flatten()[order].view_as(weight)
    save_file(weights, folder / WEIGHTS, metadata={"format": "pt"})
    sign(folder)
    return folder


def sign(folder: Path) -> str:
    """Writes a manifest that fits the files of a changed folder; returns the name and version in it."""
    version = sha256(folder / WEIGHTS)[:12]
    manifest = replace(read_manifest(folder), version=version, files=fingerprints(folder))
    write_manifest(folder, manifest)
    return manifest.model_version

"""Recipes: every dial of a training run, read once from YAML into frozen objects."""

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import yaml

from recontact_data.errors import RecipeError

RecipeT = TypeVar("RecipeT", bound="PretrainRecipe | FinetuneRecipe")

RECIPES = Path(__file__).resolve().parent / "recipes"
ATTENTION = ("eager", "sdpa")
LEAST = {"steps": 1, "max_length": 4, "vocabulary_size": 1, "vocabulary_lines": 1}  # of a dial; of others 0


@dataclass(frozen=True)
class PretrainRecipe:
    """Dials of `recontact pretrain`: from an English encoder to a multilingual one.

    Attributes:
        vocabulary_size: Pieces of the new vocabulary.
        vocabulary_lines: Lines per language that the vocabulary is learnt from.
        languages: Sampling weight of each language, before `temperature` is applied.
        temperature: Exponent on the number of pairs of a language (1 = as found, 0 = equal).
        max_length: Pieces a sentence is cut to.
        batch_pieces: Pieces of a step (and of each process, where there are several), about.
        attention: How Transformers computes attention: `eager` or `sdpa`.
        alignment_pairs: Sentence pairs a language from which the first word embeddings are learnt.
        bag_steps: Steps in which those embeddings, or those of the encoder that a run goes on from, are fitted to
            pairs and dictionaries as bags of words; 0 for none.
        bag_rate: Peak rate of that.
        bag_anchor: How strongly each piece that a step sees is held in its first direction.
        fewest_words: English words that a pair must have to be distilled from, or to hide words of.
        english_lines: English lines that are distilled beside the pairs, the first of the corpus.
        domain_share: Share of the distilled pairs that come from the shipped sentences of customer service. What this
            share and the next two leave, and what they find nothing for, comes from the sentence pairs.
        dictionary_share: Share of the distilled pairs that are dictionary entries: short, and rare words among them.
        code_switched_share: Share of the distilled pairs that are English lines with words put into another language by
            the dictionary.
        code_switched_lines: Such lines a language.
        traditional_share: Share of the Chinese lines and sentence pairs that are turned to Traditional characters.
        distill_share: Share of the steps that distil; the rest are masked language modelling.
        contrastive_scale: Inverse temperature of the in-batch softmax.
        mask_share: Share of the words that are hidden in a masked step.
        candidates: Pieces drawn at random among which, besides those hidden in the batch, a hidden one is guessed.
        learning_rate: Peak rate of the encoder's body.
        embedding_rate: Peak rate of the new word embeddings.
        warmup_steps: Steps of linear warm-up.
        fall_share: Share of the steps, the last ones, in which the rates fall to zero.
        steps: Optimizer steps in all.
        checkpoint_minutes: Minutes between checkpoints.
        seed: Seeds every draw; step k's batch in each process depends on (seed, k, number of processes) alone.
    """

    languages: Mapping[str, float]
    vocabulary_size: int = 32_000
    vocabulary_lines: int = 15_000
    temperature: float = 0.3
    max_length: int = 128
    batch_pieces: int = 4_096
    attention: str = "eager"
    alignment_pairs: int = 60_000
    bag_steps: int = 0
    bag_rate: float = 3e-3
    bag_anchor: float = 2.0
    fewest_words: int = 3
    english_lines: int = 60_000
    domain_share: float = 0.05
    dictionary_share: float = 0.0
    code_switched_share: float = 0.0
    code_switched_lines: int = 20_000
    traditional_share: float = 0.0
    distill_share: float = 0.65
    contrastive_scale: float = 20.0
    mask_share: float = 0.3
    candidates: int = 4_096
    learning_rate: float = 2e-4
    embedding_rate: float = 2e-3
    warmup_steps: int = 100
    fall_share: float = 0.25
    steps: int = 6_000
    checkpoint_minutes: float = 15.0
    seed: int = 13

    def __post_init__(self) -> None:
        """Refuses values that cannot train.

        Raises:
            RecipeError: names the dial.
        """
        if any(not isinstance(language, str) for language in self.languages):
            raise RecipeError('a language is no text; YAML reads an unquoted no as False: write "no"')
        for name in [f.name for f in dataclasses.fields(self) if f.type in ("int", "float", int, float)]:
            value, least = getattr(self, name), LEAST.get(name, 0)
            if not value >= least or value == math.inf:
                raise RecipeError(f"{name} is {value}; it must be a finite number from {least}")
            if name.endswith("_share") and value > 1:
                raise RecipeError(f"{name} is {value}; it must be 0 to 1")
        if self.batch_pieces < 2 * self.max_length:
            raise RecipeError(f"batch_pieces is {self.batch_pieces}; it must be at least twice max_length")
        if self.attention not in ATTENTION:
            raise RecipeError(f"attention is {self.attention!r}; it must be one of {', '.join(ATTENTION)}")
        special = ("domain_share", "dictionary_share", "code_switched_share")
        if sum(getattr(self, name) for name in special) >= 1:
            raise RecipeError(f"{', '.join(special)} must be less than 1 together, or no sentence pair is left")
        if wrong := [k for k, v in self.languages.items() if not isinstance(v, (int, float)) or not v >= 0]:
            raise RecipeError(f"the weight of language {wrong[0]!r} must be a number from 0")


@dataclass(frozen=True)
class FinetuneRecipe:
    """Dials of `recontact train`: from an encoder and labelled comments to a classifier.

    Attributes:
        epochs: Passes over the training rows.
        batch_size: Comments a step.
        learning_rate: Peak rate of the encoder's body.
        embedding_factor: Factor on that rate for the word embeddings; 0 leaves them as they are.
        head_rate: Peak rate of the two heads, which start from nothing.
        layer_decay: Factor on the rate for each layer further from the head.
        weight_decay: AdamW weight decay.
        warmup_share: Share of the steps with linear warm-up; a linear fall to zero follows.
        max_length: Pieces of a comment the model sees while training.
        plain_letters: Whether the model is to read letters without their accents (`recontact_training.plain_letters`).
        evidence_weight: Weight of the token loss that teaches where a cause is stated.
        label_smoothing: Moves each 0/1 target this far towards 0.5.
        positive_weight: Power of (negatives / positives) that weighs rare causes.
        hidden_share: Share of a comment's pieces hidden behind [MASK] while training.
        untidy_share: Share of the comments that an epoch reads as a hasty writer types: with slips, without accents or
            in one case (`recontact_training.variants`); other ones each time.
        joined_share: Share that an epoch reads with another comment of their language behind them.
        sentence_share: Share of the shipped labelled sentences of customer service, in all languages, that an epoch
            reads beside the comments (`recontact_training.sentences`).
        dropout: Dropout of the encoder and of the heads.
        mean_of_epochs: Number of last epochs whose weights are averaged.
        priority: How often an epoch sees the rows of a language; once where it is not named.
        replay_rows: Comments that the base has learnt from and that are mixed in, about; 0 for none.
        repeats: How often an epoch sees each new comment beside those; less often once they would be outnumbered.
        checkpoint_minutes: From one checkpoint to the next.
        review_precision: Share of the answers without `needs_review` whose cause must really be stated; the
            validation split must vouch for it (`review_bound`).
        seed: Seeds weights, order and dropout: same seed, same model.
    """

    epochs: int = 10
    batch_size: int = 16
    learning_rate: float = 2e-4
    embedding_factor: float = 1.0
    head_rate: float = 1e-3
    layer_decay: float = 1.0
    weight_decay: float = 0.01
    warmup_share: float = 0.1
    max_length: int = 256
    plain_letters: bool = False
    evidence_weight: float = 1.0
    label_smoothing: float = 0.0
    positive_weight: float = 0.0
    hidden_share: float = 0.0
    untidy_share: float = 0.0
    joined_share: float = 0.0
    sentence_share: float = 0.0
    dropout: float = 0.1
    mean_of_epochs: int = 1
    priority: Mapping[str, int] = field(default_factory=dict)
    replay_rows: int = 0
    repeats: int = 1
    checkpoint_minutes: float = 3.0
    review_precision: float = 0.9
    seed: int = 13

    def __post_init__(self) -> None:
        """Refuses values that cannot train.

        Raises:
            RecipeError: names the dial.
        """
        if min(self.epochs, self.batch_size, self.max_length) < 1:
            raise RecipeError("epochs, batch_size and max_length must be at least 1")
        if not 1 <= self.mean_of_epochs <= self.epochs:
            raise RecipeError(f"mean_of_epochs is {self.mean_of_epochs}; it must be 1 to {self.epochs} (epochs)")
        for name in ("hidden_share", "untidy_share", "joined_share", "sentence_share"):
            if not 0 <= getattr(self, name) <= 1:
                raise RecipeError(f"{name} is {getattr(self, name)}; it must be 0 to 1")
        if not 0 <= self.embedding_factor < math.inf:
            raise RecipeError(f"embedding_factor is {self.embedding_factor}; it must be 0 or more")
        if not 0 < self.review_precision < 1:
            raise RecipeError(f"review_precision is {self.review_precision}; it must lie between 0 and 1")
        if self.replay_rows < 0 or self.repeats < 1 or not self.checkpoint_minutes >= 0:
            raise RecipeError("replay_rows and checkpoint_minutes must be 0 or more, repeats 1 or more")
        if wrong := [k for k, v in self.priority.items() if not isinstance(v, int) or v < 1]:
            raise RecipeError(f"priority of {wrong[0]!r} must be a whole number from 1: how often its rows are seen")


def load_recipe(path: str | Path, kind: type[RecipeT]) -> RecipeT:
    """Reads a recipe file.

    Args:
        path: A YAML file, or the bare name of a recipe that ships with the package.
        kind: `PretrainRecipe` or `FinetuneRecipe`.

    Returns:
        The recipe; dials that the file leaves out keep their defaults.

    Raises:
        RecipeError: the file is missing, is not a mapping, or has a dial of an unknown name or type.
    """
    file = Path(path)
    if not file.exists() and file.suffix == "":
        file = RECIPES / f"{path}.yaml"
    if not file.is_file():
        shipped = ", ".join(sorted(p.stem for p in RECIPES.glob("*.yaml")))
        raise RecipeError(f"no recipe at {path}; give a YAML file or one of: {shipped}")
    try:
        dials = yaml.safe_load(file.read_text(encoding="utf-8")) or {}
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise RecipeError(f"{file} is not valid YAML: {' '.join(str(error).split())}") from error
    return recipe_from(dials, kind, str(file))


def recipe_from(dials: Any, kind: type[RecipeT], origin: str) -> RecipeT:
    """Builds a recipe from a mapping, checking each dial's name and type.

    Raises:
        RecipeError: a dial is unknown, missing or of the wrong type.
    """
    if not isinstance(dials, dict):
        raise RecipeError(f"{origin} must hold `dial: value` lines, not {type(dials).__name__}")
    fields = {f.name: f for f in dataclasses.fields(kind)}
    for name, value in dials.items():
        if name not in fields:
            raise RecipeError(f"{origin}: unknown dial {name!r}; known: {', '.join(fields)}")
        _check_type(origin, name, value, fields[name].type)
    try:
        return kind(**dials)
    except TypeError as error:
        raise RecipeError(f"{origin}: {error}") from error


def _check_type(origin: str, name: str, value: Any, wanted: Any) -> None:
    if wanted is int:
        right = isinstance(value, int) and not isinstance(value, bool)
    elif wanted is float:
        right = isinstance(value, (int, float)) and not isinstance(value, bool)
    elif wanted in (str, bool):
        right = isinstance(value, wanted)
    else:
        right = isinstance(value, dict)
    if not right:
        raise RecipeError(f"{origin}: dial {name} has the value {value!r} of the wrong type")

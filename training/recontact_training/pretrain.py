"""Pretraining: teaches an encoder the languages before it sees a label.

Two kinds of steps share one schedule. Distillation: the student's vector of a sentence comes close to
the teacher's vector of its English translation (Reimers & Gurevych 2020, "Making monolingual sentence
embeddings multilingual using knowledge distillation"), by squared error and an in-batch softmax.
Masked language modelling: hidden pieces of a sentence, or of a translated pair (Conneau & Lample 2019),
are guessed from the rest.
"""

import json
import math
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from tokenizers import Encoding, Tokenizer
from torch import Tensor, nn
from torch.nn import functional
from transformers import AutoModel, AutoTokenizer, PreTrainedModel, PreTrainedTokenizerFast

from recontact_data.errors import CorpusError
from recontact_training import corpus
from recontact_training.recipe import PretrainRecipe
from recontact_training.start import start_encoder, word_embeddings
from recontact_training.tokenizer import CLS, MASK, PAD, SEP, SPECIAL, UNK, train_tokenizer

Report = Callable[[str], None]


class Student(nn.Module):
    """An encoder with the language-modelling head it is pretrained with (tied to its embeddings)."""

    def __init__(self, encoder: PreTrainedModel) -> None:
        super().__init__()
        self.encoder = encoder
        width = encoder.config.hidden_size
        self.transform = nn.Sequential(nn.Linear(width, width), nn.GELU(), nn.LayerNorm(width))
        self.bias = nn.Parameter(torch.zeros(len(word_embeddings(encoder))))

    def states(self, ids: Tensor, mask: Tensor) -> Tensor:
        """Last hidden states, shape (batch, length, hidden)."""
        states: Tensor = self.encoder(input_ids=ids, attention_mask=mask).last_hidden_state
        return states

    def guesses(self, states: Tensor) -> Tensor:
        """Logits over the vocabulary, shape (..., vocabulary)."""
        return functional.linear(self.transform(states), word_embeddings(self.encoder), self.bias)


def mean_vector(states: Tensor, mask: Tensor) -> Tensor:
    """Mean of the states of real pieces, shape (batch, hidden)."""
    weight = mask[..., None].to(states.dtype)
    return (states * weight).sum(1) / weight.sum(1)


def distillation_loss(vectors: Tensor, targets: Tensor, scale: float) -> Tensor:
    """Squared error of unit vectors plus in-batch softmax over cosines; both (batch, hidden)."""
    vectors, targets = functional.normalize(vectors, dim=-1), functional.normalize(targets, dim=-1)
    error = (vectors - targets).square().sum(-1).mean()
    cosines = scale * vectors @ targets.T
    return error + functional.cross_entropy(cosines, torch.arange(len(vectors), device=vectors.device))


def pad(encodings: list[Encoding], pad_id: int) -> tuple[Tensor, Tensor]:
    """Piece ids and attention mask, each of shape (batch, longest), int64."""
    longest = max(len(e.ids) for e in encodings)
    ids = torch.full((len(encodings), longest), pad_id)
    for row, encoding in zip(ids, encodings, strict=True):
        row[: len(encoding.ids)] = torch.tensor(encoding.ids)
    return ids, (ids != pad_id).long()


def hide(ids: Tensor, share: float, mask_id: int, special: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Hides a share of the real pieces behind [MASK]; returns the new ids and where, both (batch, length)."""
    chosen = (torch.rand(ids.shape, generator=generator) < share) & ~torch.isin(ids, special)
    return ids.masked_fill(chosen, mask_id), chosen


class Pretraining:
    """One run: its data, its model, its optimizer; `run` trains, checkpoints and resumes."""

    def __init__(self, folder: Path, recipe: PretrainRecipe, teacher: Path, out: Path, report: Report) -> None:
        self.recipe, self.out, self.report = recipe, out, report
        out.mkdir(parents=True, exist_ok=True)
        self._load(folder)
        torch.manual_seed(recipe.seed)
        self.tokenizer = self._tokenizer(folder)
        self.student = Student(self._encoder(folder, teacher))
        self.teacher = AutoModel.from_pretrained(teacher, dtype=torch.float32).eval()
        self.teacher_tokenizer = AutoTokenizer.from_pretrained(teacher)
        embeddings = [word_embeddings(self.student.encoder)]
        body = [p for p in self.student.parameters() if all(p is not e for e in embeddings)]
        self.optimizer = torch.optim.AdamW(
            [{"params": body, "peak": recipe.learning_rate}, {"params": embeddings, "peak": recipe.embedding_rate}],
            weight_decay=0.01,
        )

    def _tokenizer(self, folder: Path) -> Tokenizer:
        path = self.out / "vocabulary.json"
        if not path.exists():
            self.report("learning the vocabulary")
            train_tokenizer(folder, self.recipe).save(str(path))
        return Tokenizer.from_file(str(path))

    def _encoder(self, folder: Path, teacher: Path) -> PreTrainedModel:
        path = self.out / "start"
        if not path.exists():
            self.report("setting the new word embeddings from the teacher's")
            start_encoder(folder, self.recipe, teacher, self.tokenizer).save_pretrained(path)
        # No text is seen twice, so dropout would only slow each step (and keep fused attention off).
        still = {"hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0}
        encoder: PreTrainedModel = AutoModel.from_pretrained(path, dtype=torch.float32, **still)
        return encoder

    def _load(self, folder: Path) -> None:
        self.report("reading the corpus")
        recipe, languages = self.recipe, list(self.recipe.languages)
        lines = {language: corpus.mono(folder, language) for language in languages}
        pairs: dict[str, list[corpus.Pair]] = {}
        for language in languages:
            same = [(line, line) for line in lines[language]] if language == "en" else []
            pairs[language] = same + [p for p in corpus.pairs(folder, language) if len(p[0].split()) >= 3]
        weights = list(recipe.languages.values())

        def sampler(items: list[Any], seed: int) -> corpus.Sampler:
            shares = corpus.proportions([len(i) for i in items], weights, recipe.temperature)
            return corpus.Sampler(items, shares, seed)

        self.distil = sampler([pairs[k] for k in languages], recipe.seed)
        translated = [[p for p in pairs[k] if p[0] != p[1]] for k in languages]
        texts: list[Any] = [a + b for a, b in zip(lines.values(), translated, strict=True)]
        self.masked = sampler(texts, recipe.seed + 1)
        self.held_out = read_held_out(folder, languages)

    def loss(self, step: int) -> tuple[str, Tensor]:
        """The loss of step `step`, a function of the weights, the seed and the step alone."""
        # Dropout draws from the global generator: a run that goes on must draw what it would have drawn.
        torch.manual_seed(self.recipe.seed * 1_000_003 + step)
        if np.random.default_rng([self.recipe.seed, step]).random() < self.recipe.distill_share:
            return "distil", self._distil(step)
        return "masked", self._masked(step)

    def _distil(self, step: int) -> Tensor:
        batch = [
            (item, item) if isinstance(item, str) else item
            for item in self.distil.batch(step, self.recipe.batch_sentences)
        ]
        with torch.inference_mode():
            english = self.teacher_tokenizer(
                [e for e, _ in batch],
                padding=True,
                truncation=True,
                max_length=self.recipe.max_length,
                return_tensors="pt",
            )
            targets = mean_vector(self.teacher(**english).last_hidden_state, english["attention_mask"])
        ids, mask = self._encode([other for _, other in batch])
        states = self.student.states(ids, mask)
        scale, targets = self.recipe.contrastive_scale, targets.clone()
        by_mean = distillation_loss(mean_vector(states, mask), targets, scale)
        return (by_mean + distillation_loss(states[:, 0], targets, scale)) / 2

    def _masked(self, step: int) -> Tensor:
        batch = self.masked.batch(step, self.recipe.batch_masked)
        ids, mask = self._encode(batch)
        generator = torch.Generator().manual_seed(self.recipe.seed * 1_000_003 + step)
        special = torch.tensor([self._id(name) for name in SPECIAL])
        hidden, chosen = hide(ids, self.recipe.mask_share, self._id(MASK), special, generator)
        if not chosen.any():
            chosen[:, 1] = True
        states = self.student.states(hidden, mask)
        return functional.cross_entropy(self.student.guesses(states[chosen]), ids[chosen])

    def _encode(self, batch: list[Any]) -> tuple[Tensor, Tensor]:
        self.tokenizer.enable_truncation(self.recipe.max_length)
        return pad(self.tokenizer.encode_batch(batch), self._id(PAD))

    def _id(self, special: str) -> int:
        found = self.tokenizer.token_to_id(special)
        assert found is not None, f"the vocabulary lacks {special}"
        return int(found)

    def run(self) -> None:
        """Trains to the recipe's last step, from the last checkpoint if there is one."""
        recipe, begun, saved = self.recipe, time.monotonic(), time.monotonic()
        losses: dict[str, list[float]] = {"distil": [], "masked": []}
        for seen, step in enumerate(range(self._resume(), recipe.steps), start=1):
            self.student.train()
            rate = schedule(step, recipe)
            for group in self.optimizer.param_groups:
                group["lr"] = group["peak"] * rate
            kind, loss = self.loss(step)
            loss.backward()  # type: ignore[no-untyped-call]
            nn.utils.clip_grad_norm_(self.student.parameters(), 1.0)
            self.optimizer.step()
            self.optimizer.zero_grad()
            losses[kind].append(float(loss.detach()))
            if seen % 25 == 0:
                shown = " ".join(f"{k} {np.mean(v[-25:]):.3f}" for k, v in losses.items() if v)
                self.report(f"step {step + 1}/{recipe.steps} {shown} {(time.monotonic() - begun) / seen:.2f} s/step")
            if time.monotonic() - saved > recipe.checkpoint_minutes * 60:
                self._checkpoint(step + 1)
                saved = time.monotonic()
        self._checkpoint(recipe.steps)
        self.save()

    def _checkpoint(self, step: int) -> None:
        state = {"step": step, "student": self.student.state_dict(), "optimizer": self.optimizer.state_dict()}
        partial = self.out / "checkpoint.partial"
        torch.save(state, partial)
        partial.replace(self.out / "checkpoint.pt")
        scores = self.retrieval()
        with (self.out / "retrieval.jsonl").open("a", encoding="utf-8") as log:
            log.write(json.dumps({"step": step, **scores}) + "\n")
        self.report(f"checkpoint at step {step}; retrieval " + " ".join(f"{k} {v:.2f}" for k, v in scores.items()))

    def _resume(self) -> int:
        path = self.out / "checkpoint.pt"
        if not path.exists():
            return 0
        state = torch.load(path, weights_only=True)
        self.student.load_state_dict(state["student"])
        self.optimizer.load_state_dict(state["optimizer"])
        return int(state["step"])

    def retrieval(self) -> dict[str, float]:
        """Share of 100 held-out sentences whose nearest English sentence is their translation, by language."""
        self.student.eval()
        return {language: retrieval(self._vectors, pairs) for language, pairs in self.held_out.items()}

    def _vectors(self, texts: list[str]) -> Tensor:
        found = []
        for start in range(0, len(texts), 100):
            ids, mask = self._encode(texts[start : start + 100])
            found.append(mean_vector(self.student.states(ids, mask), mask))
        return functional.normalize(torch.cat(found), dim=-1)

    def save(self) -> None:
        """Writes the encoder and its tokenizer as a Transformers folder in `out/encoder`."""
        self.tokenizer.no_truncation()
        pooler = getattr(self.student.encoder, "pooler", None)
        if isinstance(dense := getattr(pooler, "dense", None), nn.Linear):
            # The distilled sentence vector is the first state; an identity passes it on to a classifier.
            nn.init.eye_(dense.weight)
            nn.init.zeros_(dense.bias)
        self.student.encoder.save_pretrained(self.out / "encoder")
        PreTrainedTokenizerFast(  # type: ignore[no-untyped-call]
            tokenizer_object=self.tokenizer,
            pad_token=PAD,
            unk_token=UNK,
            cls_token=CLS,
            sep_token=SEP,
            mask_token=MASK,
            model_max_length=self.student.encoder.config.max_position_embeddings,
            model_input_names=["input_ids", "attention_mask"],
        ).save_pretrained(self.out / "encoder")


def schedule(step: int, recipe: PretrainRecipe) -> float:
    """Share of the peak rate at a step: linear warm-up, then a cosine to zero."""
    if step < recipe.warmup_steps:
        return (step + 1) / recipe.warmup_steps
    done = (step - recipe.warmup_steps) / max(1, recipe.steps - recipe.warmup_steps)
    return 0.5 * (1 + math.cos(math.pi * done))


@torch.inference_mode()
def retrieval(vectors: Callable[[list[str]], Tensor], pairs: list[corpus.Pair]) -> float:
    """Share of the sentences whose nearest English sentence by cosine is their own."""
    english, other = vectors([e for e, _ in pairs]), vectors([o for _, o in pairs])
    return float(((other @ english.T).argmax(1) == torch.arange(len(pairs))).float().mean())


def read_held_out(folder: Path, languages: list[str], count: int = 100) -> dict[str, list[corpus.Pair]]:
    """Held-out pairs (English, other) by language, for measuring only."""
    found = {}
    for language in languages:
        path = folder / "heldout" / f"flores-devtest.en-{language}.tsv"
        if path.exists():
            lines = (line.partition("\t") for line in corpus.read_lines(path))
            found[language] = [(a, b) for a, _, b in lines][:count]
    return found


def pretrain(folder: Path, recipe: PretrainRecipe, teacher: Path, out: Path, report: Report = print) -> Path:
    """Makes an encoder from a teacher and a corpus folder; call again to go on where it stopped.

    Args:
        folder: A corpus folder (`recontact_training.corpus` says what it holds).
        recipe: The dials.
        teacher: A Transformers folder of an English sentence encoder.
        out: Where vocabulary, checkpoints and, at the end, `encoder/` are written.
        report: Called with each progress line.

    Returns:
        The folder of the finished encoder.

    Raises:
        CorpusError: `folder` does not exist or is empty for every language of the recipe.
    """
    if not folder.is_dir():
        raise CorpusError(f"no corpus folder at {folder}; it must hold mono/, parallel/ and dict/")
    Pretraining(folder, recipe, teacher, out, report).run()
    return out / "encoder"

"""Pretraining: teaches an encoder the languages before it sees a label.

Two kinds of steps share one schedule. Distillation: the student's vector of a sentence comes close to
the teacher's vector of its English translation (Reimers & Gurevych 2020, "Making monolingual sentence
embeddings multilingual using knowledge distillation"), by squared error and an in-batch softmax.
Masked language modelling: hidden pieces of a sentence, or of a translated pair (Conneau & Lample 2019),
are guessed from the rest, each among all that is hidden in its batch and pieces drawn at random (after Jean
et al. 2015, "On using very large target vocabulary for neural machine translation").
"""

import json
import time
from collections.abc import Callable, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import torch
from accelerate import Accelerator
from tokenizers import Tokenizer
from torch import Tensor, nn
from torch.nn import functional
from transformers import AutoModel, PreTrainedModel, PreTrainedTokenizerFast

from recontact_data.errors import CorpusError, ModelError
from recontact_training import corpus
from recontact_training.recipe import PretrainRecipe
from recontact_training.start import start_encoder, word_embeddings
from recontact_training.teacher import TeacherVectors, half_precision_pays, mean_vector
from recontact_training.tokenizer import CLS, MASK, PAD, SEP, SPECIAL, UNK, train_tokenizer, word_starts

Report = Callable[[str], None]
WATCHED = 200  # held-out pairs a language that are tried at each checkpoint


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


class Pretraining:
    """One run: its data, its model, its optimizer; `run` trains, checkpoints and resumes."""

    def __init__(
        self, folder: Path, recipe: PretrainRecipe, teacher: Path, out: Path, start: Path | None, report: Report
    ) -> None:
        self.accelerator = Accelerator()
        self.device = self.accelerator.device
        self.half = half_precision_pays(self.device)
        self.recipe, self.out = recipe, out
        self.report: Report = report if self.accelerator.is_main_process else lambda line: None
        out.mkdir(parents=True, exist_ok=True)
        with self.accelerator.main_process_first():
            self.tokenizer = self._tokenizer(folder, start)
            self.pad_id, self.mask_id = self._id(PAD), self._id(MASK)
            encoder = self._encoder(folder, teacher, start)
            self._load(folder, teacher)
        torch.manual_seed(recipe.seed)
        self.student = Student(encoder).to(self.device)
        embeddings = [word_embeddings(self.student.encoder)]
        if (pooler := getattr(self.student.encoder, "pooler", None)) is not None:
            pooler.requires_grad_(False)
        body = [p for p in self.student.parameters() if p.requires_grad and p is not embeddings[0]]
        self.optimizer = torch.optim.AdamW(
            [{"params": body, "peak": recipe.learning_rate}, {"params": embeddings, "peak": recipe.embedding_rate}],
            weight_decay=0.01,
            fused=True,
        )
        self.kinds = np.random.default_rng(recipe.seed).random(recipe.steps) < recipe.distill_share
        self.ordinals = np.where(self.kinds, self.kinds.cumsum(), (~self.kinds).cumsum()) - 1

    def _tokenizer(self, folder: Path, start: Path | None) -> Tokenizer:
        path = self.out / "vocabulary.json"
        if not path.exists():
            if start is None:
                self.report("learning the vocabulary")
                learnt = train_tokenizer(folder, self.recipe)
            else:
                learnt = Tokenizer.from_file(str(start / "tokenizer.json"))
            learnt.save(str(path))
        tokenizer = Tokenizer.from_file(str(path))
        tokenizer.enable_truncation(self.recipe.max_length)
        return tokenizer

    def _encoder(self, folder: Path, teacher: Path, start: Path | None) -> PreTrainedModel:
        path = self.out / "start"
        if not path.exists():
            if start is None:
                self.report("setting the new word embeddings from the teacher's")
                vocabulary = Tokenizer.from_file(str(self.out / "vocabulary.json"))
                first = start_encoder(folder, self.recipe, teacher, vocabulary)
            else:
                first = AutoModel.from_pretrained(start, dtype=torch.float32)
            first.save_pretrained(path)
        # Next to no text is seen twice, so dropout would only slow each step.
        still = {"hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0}
        encoder: PreTrainedModel = AutoModel.from_pretrained(
            path, dtype=torch.float32, attn_implementation=self.recipe.attention, **still
        )
        return encoder

    def _load(self, folder: Path, teacher: Path) -> None:
        self.report("reading the corpus")
        recipe, languages = self.recipe, list(self.recipe.languages)
        lines = {language: corpus.mono(folder, language) for language in languages}
        pairs = {
            language: [(line, line) for line in lines["en"][: recipe.english_lines]]
            if language == "en"
            else [pair for pair in corpus.pairs(folder, language) if len(pair[0].split()) >= recipe.fewest_words]
            for language in languages
        }
        weights = list(recipe.languages.values())

        def shares(groups: Sequence[Sequence[Any]]) -> Any:
            return corpus.proportions([len(group) for group in groups], weights, recipe.temperature)

        general = [pairs[language] for language in languages]
        domain = [corpus.domain_pairs(language) for language in languages] if recipe.domain_share else []
        mixed = (
            np.concatenate([shares(general) * (1 - recipe.domain_share), shares(domain) * recipe.domain_share])
            if domain
            else shares(general)
        )
        self.distil = corpus.Batches(
            [*general, *domain], mixed, lambda pair: pair[1], self.tokenizer, recipe.batch_pieces, recipe.seed
        )
        texts: list[list[str | corpus.Pair]] = [
            [*lines[language], *([] if language == "en" else pairs[language]), *corpus.other_pairs(folder, language)]
            for language in languages
        ]
        self.masked = corpus.Batches(
            texts, shares(texts), lambda text: text, self.tokenizer, recipe.batch_pieces, recipe.seed + 1
        )
        self.held_out = read_held_out(folder, languages)
        english = [pair[0] for group in self.distil.groups for pair in group]
        self.targets = TeacherVectors(teacher, english, self.out, self.device, self.report)

    def loss(self, step: int) -> tuple[str, Tensor, int]:
        """Kind and loss of step `step` and its number of pieces: of the weights, the seed and the step alone."""
        kind = "distil" if self.kinds[step] else "masked"
        ordinal = int(self.ordinals[step]) * self.accelerator.num_processes + self.accelerator.process_index
        loss, pieces = self._distil(ordinal) if kind == "distil" else self._masked(ordinal, step)
        return kind, loss, pieces

    def _distil(self, ordinal: int) -> tuple[Tensor, int]:
        batch, rows = self.distil(ordinal)
        targets, sentence = (t.to(self.device) for t in self.targets([english for english, _ in batch]))
        ids, mask = (t.to(self.device) for t in pad(rows, self.pad_id))
        states = self._forward(ids, mask)
        same = sentence[:, None] == sentence[None, :]
        scale = self.recipe.contrastive_scale
        by_mean = distillation_loss(mean_vector(states, mask), targets, same, scale)
        by_first = distillation_loss(states[:, 0].float(), targets, same, scale)
        return (by_mean + by_first) / 2, int(mask.sum())

    def _masked(self, ordinal: int, step: int) -> tuple[Tensor, int]:
        _, rows = self.masked(ordinal)
        ids, mask = pad(rows, self.pad_id)
        generator = torch.Generator().manual_seed(self.recipe.seed * 1_000_003 + step)
        hidden, chosen = hide(ids, self.recipe.mask_share, self.mask_id, self.special, self.starts, generator)
        if not chosen.any():
            chosen[:, 1] = True
        others = torch.randint(len(self.starts), (self.recipe.candidates,), generator=generator)
        candidates, answers = torch.unique(torch.cat([ids[chosen], others]), return_inverse=True)
        inputs = (t.to(self.device) for t in (hidden, mask, chosen, candidates))
        right = answers[: int(chosen.sum())].to(self.device)
        return functional.cross_entropy(self._forward(*inputs).float(), right), int(mask.sum())

    def _forward(self, *inputs: Tensor) -> Tensor:
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.half):
            found: Tensor = self.model(*inputs)
        return found

    def _id(self, special: str) -> int:
        found = self.tokenizer.token_to_id(special)
        assert found is not None, f"the vocabulary lacks {special}"
        return int(found)

    def run(self) -> None:
        """Trains to the recipe's last step, from the last checkpoint if there is one."""
        recipe = self.recipe
        self.special = torch.tensor([self._id(name) for name in SPECIAL])
        self.starts = torch.tensor(word_starts(self.tokenizer))
        self.model = self.accelerator.prepare_model(self.student)
        first = self._resume()
        begun, saved, pieces = time.monotonic(), time.monotonic(), 0
        losses: dict[str, list[float]] = {"distil": [], "masked": []}
        for step in range(first, recipe.steps):
            for group in self.optimizer.param_groups:
                group["lr"] = group["peak"] * schedule(step, recipe)
            kind, loss, seen = self.loss(step)
            self.accelerator.backward(loss)
            nn.utils.clip_grad_norm_(self.student.parameters(), 1.0)
            self.optimizer.step()
            self.optimizer.zero_grad()
            losses[kind].append(float(loss.detach()))
            pieces += seen * self.accelerator.num_processes
            if (step + 1) % 50 == 0:
                shown = " ".join(f"{k} {np.mean(v[-50:]):.3f}" for k, v in losses.items() if v)
                self.report(
                    f"step {step + 1}/{recipe.steps} {shown} {pieces / (time.monotonic() - begun):,.0f} pieces/s"
                )
            if time.monotonic() - saved > recipe.checkpoint_minutes * 60:
                self._checkpoint(step + 1)
                saved = time.monotonic()
        self._checkpoint(recipe.steps)
        if self.accelerator.is_main_process:
            self.save()

    def _checkpoint(self, step: int) -> None:
        if not self.accelerator.is_main_process:
            return
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
        state = torch.load(path, map_location=self.device, weights_only=True)
        self.student.load_state_dict(state["student"])
        self.optimizer.load_state_dict(state["optimizer"])
        return int(state["step"])

    def retrieval(self) -> dict[str, float]:
        """Share of held-out sentences whose nearest English sentence is their translation, by language."""
        return {language: retrieval(self._vectors, pairs) for language, pairs in self.held_out.items()}

    def _vectors(self, texts: list[str]) -> Tensor:
        found = []
        for start in range(0, len(texts), 100):
            rows = [e.ids for e in self.tokenizer.encode_batch(texts[start : start + 100])]
            ids, mask = (t.to(self.device) for t in pad(rows, self.pad_id))
            found.append(mean_vector(self.student(ids, mask), mask))
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
    """Share of the peak rate at a step: linear warm-up, then the peak, then a linear fall to zero.

    Until the fall begins nothing depends on the number of steps, so that a run can be made longer or shorter
    (Hägele et al. 2024, "Scaling laws and compute-optimal training beyond fixed training durations").
    """
    rising = (step + 1) / max(1, recipe.warmup_steps)
    falling = (recipe.steps - step) / max(1, round(recipe.steps * recipe.fall_share))
    return min(1.0, rising, falling)


@torch.inference_mode()
def retrieval(vectors: Callable[[list[str]], Tensor], pairs: list[corpus.Pair]) -> float:
    """Share of the sentences whose nearest English sentence by cosine is their own."""
    english, other = vectors([e for e, _ in pairs]), vectors([o for _, o in pairs])
    return float(((other @ english.T).argmax(1) == torch.arange(len(pairs))).float().mean())


def read_held_out(
    folder: Path, languages: Sequence[str], name: str = "ntrex", count: int = WATCHED
) -> dict[str, list[corpus.Pair]]:
    """The first pairs (English, other) by language of `heldout/<name>.en-<lang>.tsv`; for measuring only."""
    paths = {language: folder / "heldout" / f"{name}.en-{language}.tsv" for language in languages}
    return {k: list(islice(corpus.read_pairs(path), count)) for k, path in paths.items() if path.exists()}


def pretrain(
    folder: Path, recipe: PretrainRecipe, teacher: Path, out: Path, start: Path | None = None, report: Report = print
) -> Path:
    """Makes an encoder from a teacher and a corpus folder; call again to go on where it stopped.

    Args:
        folder: A corpus folder (`recontact_training.corpus` says what it holds).
        recipe: The dials.
        teacher: A Transformers folder of an English sentence encoder.
        out: Where vocabulary, checkpoints and, at the end, `encoder/` are written.
        start: A Transformers folder to go on from, with its vocabulary; None for the teacher's body with a new one.
        report: Called with each progress line.

    Returns:
        The folder of the finished encoder.

    Raises:
        CorpusError: `folder` does not exist or is empty for every language of the recipe.
        ModelError: `teacher` or `start` is no encoder with its tokenizer.
    """
    if not folder.is_dir():
        raise CorpusError(f"no corpus folder at {folder}; it must hold mono/, parallel/ and dict/")
    for encoder in filter(None, (teacher, start)):
        if not (encoder / "config.json").is_file() or not (encoder / "tokenizer.json").is_file():
            raise ModelError(f"no encoder at {encoder}; give a Transformers folder with config.json and tokenizer.json")
    Pretraining(folder, recipe, teacher, out, start, report).run()
    return out / "encoder"

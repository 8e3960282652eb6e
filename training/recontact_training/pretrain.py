"""Pretraining: teaches an encoder the languages before it sees a label.

Two kinds of steps share one schedule. Distillation: the student's vector of a sentence comes close to
the teacher's vector of its English translation (Reimers & Gurevych 2020, "Making monolingual sentence
embeddings multilingual using knowledge distillation"), by squared error and an in-batch softmax.
Masked language modelling: hidden words of a sentence, or of a translated pair (Conneau & Lample 2019),
are guessed from the rest, each piece among all that are hidden in its batch and pieces drawn at random
(after Jean et al. 2015, "On using very large target vocabulary for neural machine translation", the
correction left to the bias).
"""

import json
import shutil
import time
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path

import numpy as np
import torch
from accelerate import Accelerator, DistributedDataParallelKwargs, InitProcessGroupKwargs
from tokenizers import Tokenizer
from torch import Tensor, nn
from torch.nn import functional
from transformers import AutoModel, PreTrainedModel, PreTrainedTokenizerFast

from recontact_data.errors import ModelError, RecipeError
from recontact_training.corpus import domain_pairs
from recontact_training.devices import half_precision_pays
from recontact_training.material import Material
from recontact_training.recipe import PretrainRecipe
from recontact_training.retrieval import retrieval
from recontact_training.run_folder import RunFolder, corpus_listing, fingerprint, hash_of
from recontact_training.saved_tokenizer import save_tokenizer
from recontact_training.sentence_vectors import Floats, sentence_vectors
from recontact_training.start import refitted_encoder, start_encoder
from recontact_training.student import BETAS, Student, distillation_loss, hide, mean_vector, pad, word_embeddings
from recontact_training.teacher import TeacherVectors
from recontact_training.tokenizer import CLS, MASK, PAD, SEP, SPECIAL, UNK, train_tokenizer, word_starts

Report = Callable[[str], None]
REPORTED = 50  # steps between two lines of progress
SHARD = "15MB"


class Pretraining:
    """One run: its data, its model, its optimizer; `run` trains, checkpoints and resumes."""

    def __init__(
        self, folder: Path, recipe: PretrainRecipe, teacher: Path, out: Path, start: Path | None, report: Report
    ) -> None:
        # A distillation step uses no head, and the others wait while the first process learns the vocabulary.
        self.accelerator = Accelerator(
            cpu=not torch.accelerator.is_available(),  # or several processes on processors run beside each other
            mixed_precision="no",  # whatever the user's own configuration says: `_forward` sees to it
            kwargs_handlers=[
                DistributedDataParallelKwargs(find_unused_parameters=True),
                InitProcessGroupKwargs(timeout=timedelta(hours=12)),
            ],
        )
        if not str(self.accelerator.distributed_type.value).startswith(("NO", "MULTI_")):
            raise RecipeError(
                f"`pretrain` cannot share a run out by {self.accelerator.distributed_type.value}; "
                "launch it with --multi_gpu, or with --cpu"
            )
        self.device, self.recipe = self.accelerator.device, recipe
        self.report: Report = report if self.accelerator.is_main_process else lambda line: None
        sources = {
            "corpus": corpus_listing(folder),
            "domain sentences": hash_of(f"{a}\t{b}" for k in recipe.languages for a, b in domain_pairs(k)),
            "number of processes": self.accelerator.num_processes,
            "teacher": fingerprint(teacher),
            "start": fingerprint(start) if start else "",
        }
        with self.accelerator.main_process_first():
            self.folder = RunFolder(out, recipe, sources, half_precision_pays(self.device))
            self.tokenizer = self._tokenizer(folder, start)
            encoder = self._encoder(folder, teacher, start)
            self.report("reading the corpus")
            self.material = Material(folder, recipe, self.tokenizer)
            english = self.material.english()
            if english:
                self.targets = TeacherVectors(teacher, english, out, self.device, self.folder.half, self.report)
        torch.manual_seed(recipe.seed)
        self.student = Student(encoder).to(self.device)
        if (pooler := getattr(encoder, "pooler", None)) is not None:
            pooler.requires_grad_(False)
        embeddings = word_embeddings(encoder)
        body = [p for p in self.student.parameters() if p.requires_grad and p is not embeddings]
        self.peaks = (recipe.learning_rate, recipe.embedding_rate)
        self.optimizer = torch.optim.AdamW(
            [{"params": body}, {"params": [embeddings]}], betas=BETAS, weight_decay=0.01, fused=True
        )
        self.model = self.accelerator.prepare_model(self.student)
        self.pad_id, self.mask_id = self._id(PAD), self._id(MASK)
        self.special = torch.tensor([self._id(name) for name in SPECIAL])
        self.starts = torch.tensor(word_starts(self.tokenizer))
        self.kinds = np.random.default_rng(recipe.seed).random(recipe.steps) < recipe.distill_share
        self.ordinals = np.where(self.kinds, self.kinds.cumsum(), (~self.kinds).cumsum()) - 1

    def _tokenizer(self, folder: Path, start: Path | None) -> Tokenizer:
        path = self.folder.path / "vocabulary.json"
        if not path.exists():
            if start is None:
                self.report("learning the vocabulary")
                learnt = train_tokenizer(folder, self.recipe)
            else:
                learnt = Tokenizer.from_file(str(start / "tokenizer.json"))
            self.folder.write(path.name, learnt.to_str())
        tokenizer = Tokenizer.from_file(str(path))
        tokenizer.no_padding()
        tokenizer.enable_truncation(self.recipe.max_length)
        return tokenizer

    def _encoder(self, folder: Path, teacher: Path, start: Path | None) -> PreTrainedModel:
        path = self.folder.path / "start"
        if not path.exists():
            vocabulary = Tokenizer.from_file(str(self.folder.path / "vocabulary.json"))
            if start is None:
                self.report("setting the new word embeddings from the teacher's")
                first = start_encoder(folder, self.recipe, teacher, vocabulary, self.report)
            else:
                first = refitted_encoder(folder, self.recipe, start, vocabulary, self.report)
            self.folder.save_start(first)
        # It stays as it is opened, without dropout: next to no text is seen twice, so that would only slow each step.
        encoder: PreTrainedModel = AutoModel.from_pretrained(
            path, dtype=torch.float32, attn_implementation=self.recipe.attention
        )
        return encoder

    def loss(self, step: int) -> tuple[str, Tensor, int]:
        """Kind and loss of step `step` and its number of pieces: of weights, seed, step and process alone."""
        kind = "distil" if self.kinds[step] else "masked"
        ordinal = int(self.ordinals[step]) * self.accelerator.num_processes + self.accelerator.process_index
        loss, pieces = self._distil(ordinal) if kind == "distil" else self._masked(ordinal)
        return kind, loss, pieces

    def _distil(self, ordinal: int) -> tuple[Tensor, int]:
        assert self.material.distil is not None
        batch, rows = self.material.distil(ordinal)
        targets, sentence = (t.to(self.device) for t in self.targets([english for english, _ in batch]))
        ids, mask = (t.to(self.device) for t in pad(rows, self.pad_id))
        states = self._forward(ids, mask)
        same = sentence[:, None] == sentence[None, :]
        scale = self.recipe.contrastive_scale
        by_mean = distillation_loss(mean_vector(states, mask), targets, same, scale)
        by_first = distillation_loss(states[:, 0].float(), targets, same, scale)
        return (by_mean + by_first) / 2, int(mask.sum())

    def _masked(self, ordinal: int) -> tuple[Tensor, int]:
        assert self.material.masked is not None
        _, rows = self.material.masked(ordinal)
        ids, mask = pad(rows, self.pad_id)
        generator = torch.Generator().manual_seed(self.recipe.seed * 1_000_003 + ordinal)
        hidden, chosen = hide(ids, self.recipe.mask_share, self.mask_id, self.special, self.starts, generator)
        if not chosen.any():  # a batch of few words, none of which was drawn
            chosen = ~torch.isin(ids, self.special) | (ids == self._id(UNK))
            chosen[0, 0] |= not chosen.any()
            hidden = ids.masked_fill(chosen, self.mask_id)
        others = torch.randint(len(self.starts), (self.recipe.candidates,), generator=generator)
        candidates, answers = torch.unique(torch.cat([ids[chosen], others]), return_inverse=True)
        inputs = (t.to(self.device) for t in (hidden, mask, chosen, candidates))
        right = answers[: int(chosen.sum())].to(self.device)
        return functional.cross_entropy(self._forward(*inputs).float(), right), int(mask.sum())

    def _forward(self, *inputs: Tensor) -> Tensor:
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.folder.half):
            found: Tensor = self.model(*inputs)
        return found

    def _id(self, special: str) -> int:
        found = self.tokenizer.token_to_id(special)
        assert found is not None, f"the vocabulary lacks {special}"
        return int(found)

    def run(self) -> None:
        """Trains to the recipe's last step, from the last checkpoint if there is one.

        Raises:
            RecipeError: the run is past the recipe's last step, or its rates have begun to fall for fewer steps.
            ModelError: the loss is not a number.
        """
        since, saved, pieces = time.monotonic(), time.monotonic(), 0
        kept = -1
        losses: dict[str, list[float]] = {"distil": [], "masked": []}
        for step in range(self._resume(), self.recipe.steps):
            kind, loss, seen = self.loss(step)
            self._learn(step, loss)
            losses[kind].append(float(loss.detach()))
            pieces += seen * self.accelerator.num_processes
            if (step + 1) % REPORTED == 0:
                shown = " ".join(f"{k} {np.mean(v[-REPORTED:]):.3f}" for k, v in losses.items() if v)
                rate = pieces / (time.monotonic() - since)
                self.report(f"step {step + 1}/{self.recipe.steps} {shown} {rate:,.0f} pieces/s")
                since, pieces = time.monotonic(), 0
            if time.monotonic() - saved > self.recipe.checkpoint_minutes * 60:
                self._checkpoint(step + 1)
                kept, since, saved, pieces = step + 1, time.monotonic(), time.monotonic(), 0
        if kept != self.recipe.steps:
            self._checkpoint(self.recipe.steps)
        if self.accelerator.is_main_process:
            self.save()
        self.accelerator.wait_for_everyone()
        self.report(f"wrote the encoder to {self.folder.path / 'encoder'}")

    def _learn(self, step: int, loss: Tensor) -> None:
        rate = schedule(step, self.recipe)
        for group, peak in zip(self.optimizer.param_groups, self.peaks, strict=True):
            group["lr"] = peak * rate
        loss.backward()  # type: ignore[no-untyped-call]
        norm = nn.utils.clip_grad_norm_(self.student.parameters(), 1.0)
        if not norm.isfinite():
            raise ModelError(f"the loss is not a number at step {step + 1}; lower learning_rate and begin anew")
        self.optimizer.step()
        self.optimizer.zero_grad()

    def _checkpoint(self, step: int) -> None:
        if not self.accelerator.is_main_process:
            return
        state = {"student": self.student.state_dict(), "optimizer": self.optimizer.state_dict()}
        self.folder.save_checkpoint({"step": step, "rate": schedule(step, self.recipe), **state})
        scores = self.retrieval()
        self.folder.log({"step": step, **scores})
        self.report(f"checkpoint at step {step}; retrieval " + " ".join(f"{k} {v:.2f}" for k, v in scores.items()))

    def _resume(self) -> int:
        state = self.folder.checkpoint(self.device)
        if state is None:
            return 0
        step = int(state["step"])
        if step > self.recipe.steps:
            raise RecipeError(f"the run in {self.folder.path} is at step {step} already; steps must be that or more")
        if abs(float(state["rate"]) - schedule(step, self.recipe)) > 1e-3:
            raise RecipeError(
                f"at step {step} the rates of the run in {self.folder.path} have begun to fall, or would at once with "
                f"{self.recipe.steps} steps; leave steps as they were, or go on from its encoder with --start in "
                "another folder"
            )
        self.student.load_state_dict(state["student"])
        self.optimizer.load_state_dict(state["optimizer"])
        return step

    def retrieval(self) -> dict[str, float]:
        """Share of held-out sentences whose nearest English sentence is their translation, by language."""
        return retrieval(self._vectors, self.material.watched)[0]

    def _vectors(self, texts: Sequence[str]) -> Floats:
        return sentence_vectors(self.student.encoder, self._tokenize, texts, half=self.folder.half, unit=True)

    def _tokenize(self, texts: Sequence[str]) -> tuple[Tensor, Tensor]:
        return pad([found.ids for found in self.tokenizer.encode_batch(list(texts))], self.pad_id)

    def save(self) -> None:
        """Writes the encoder and its tokenizer as a Transformers folder in `encoder`, weights in small shards."""
        self.tokenizer.no_truncation()
        pooler = getattr(self.student.encoder, "pooler", None)
        if isinstance(dense := getattr(pooler, "dense", None), nn.Linear):
            # The distilled sentence vector is the first state: all that is left between it and a classifier is tanh.
            nn.init.eye_(dense.weight)
            nn.init.zeros_(dense.bias)
        partial, whole = self.folder.path / "encoder.partial", self.folder.path / "encoder"
        for folder in (partial, whole):
            shutil.rmtree(folder, ignore_errors=True)
        self.student.encoder.save_pretrained(partial, max_shard_size=SHARD)
        tokenizer = PreTrainedTokenizerFast(  # type: ignore[no-untyped-call]
            tokenizer_object=self.tokenizer,
            pad_token=PAD,
            unk_token=UNK,
            cls_token=CLS,
            sep_token=SEP,
            mask_token=MASK,
            model_max_length=self.student.encoder.config.max_position_embeddings,
            model_input_names=["input_ids", "attention_mask"],
        )
        save_tokenizer(tokenizer, partial)
        partial.rename(whole)


def schedule(step: int, recipe: PretrainRecipe) -> float:
    """Share of the peak rate at a step: linear warm-up, then the peak, then a linear fall to zero.

    Until the fall begins nothing depends on the number of steps, so that a run can be made longer or shorter
    until then (Hägele et al. 2024, "Scaling laws and compute-optimal training beyond fixed training durations").
    """
    rising = (step + 1) / max(1, recipe.warmup_steps)
    falling = (recipe.steps - step) / max(1, round(recipe.steps * recipe.fall_share))
    return min(1.0, rising, falling)


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
        ModelError: `teacher` or `start` is no encoder of the right kind with its tokenizer, or training went wrong.
        RecipeError: `out` holds a run of another recipe or of other sources, or the recipe does not suit the encoder.
    """
    _check_encoders(recipe, teacher, start)
    Pretraining(folder, recipe, teacher, out, start, report).run()
    return out / "encoder"


def _check_encoders(recipe: PretrainRecipe, teacher: Path, start: Path | None) -> None:
    """Says before anything is written what would fail, or teach the wrong thing, after a quarter of an hour."""
    for encoder in filter(None, (teacher, start)):
        if not (encoder / "config.json").is_file() or not (encoder / "tokenizer.json").is_file():
            raise ModelError(f"no encoder at {encoder}; give a Transformers folder with config.json and tokenizer.json")
    pooling = teacher / "1_Pooling" / "config.json"
    if pooling.is_file() and not json.loads(pooling.read_text(encoding="utf-8")).get("pooling_mode_mean_tokens"):
        raise ModelError(f"{teacher} does not take the mean of its states for a sentence; give a teacher that does")
    base = start or teacher
    known = Tokenizer.from_file(str(base / "tokenizer.json")).get_vocab()
    if missing := [name for name in SPECIAL if name not in known]:
        raise ModelError(
            f"the vocabulary of {base} lacks {missing[0]}; give "
            + ("an encoder that `pretrain` made" if start else "a teacher of BERT's kind, such as all-MiniLM-L6-v2")
        )
    if start and not any(piece.startswith("▁") for piece in known):
        raise ModelError(f"the vocabulary of {start} does not mark where words begin with ▁; give one of `pretrain`")
    longest = int(json.loads((base / "config.json").read_text(encoding="utf-8")).get("max_position_embeddings", 512))
    if recipe.max_length > longest:
        raise RecipeError(f"max_length is {recipe.max_length}, and {base} reads {longest} pieces at most")

"""Pretraining: open text and a teacher in, an encoder out, also after an interruption."""

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import asdict, replace
from pathlib import Path

import pytest
import torch
import yaml
from transformers import AutoModel, AutoTokenizer

from recontact import CauseClassifier
from recontact_data.errors import CorpusError, ModelError, RecipeError
from recontact_data.labels import LabelledComment
from recontact_training.finetune import finetune
from recontact_training.pretrain import Pretraining, pretrain, schedule
from recontact_training.recipe import FinetuneRecipe, PretrainRecipe, load_recipe
from recontact_training.student import distillation_loss, hide

# One small step a checkpoint: with 0 minutes between them, every step is one.
RECIPE = PretrainRecipe(
    languages={"en": 1.0, "nb": 2.0}, vocabulary_size=400, vocabulary_lines=50, max_length=24, batch_pieces=60,
    distill_share=0.5, warmup_steps=2, steps=6, checkpoint_minutes=0.0, bag_steps=2,
)  # fmt: skip
HELD_OUT = [("the lamp is green", "lampen er grønn"), ("she reads a book", "hun leser en bok")]
PAIRS = [
    ("nobody picks up the phone", "ingen tar telefonen"),
    ("they never called back", "de ringte aldri tilbake"),
    ("the promised call never came", "den lovede samtalen kom aldri"),
    ("the repair did not help", "reparasjonen hjalp ikke"),
    ("the boiler is old and cold", "kjelen er gammel og kald"),
    ("I waited for an hour in the queue", "jeg ventet en time i køen"),
    ("all good, thank you very much", "alt bra, tusen takk skal du ha"),
    ("my neighbour says the same thing", "naboen min sier det samme"),
]


class StoppedError(Exception):
    """Stands for a machine that stops."""


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A corpus folder of a few lines, sentence pairs and words."""
    folder = tmp_path_factory.mktemp("corpus")
    for part in ("mono", "parallel", "dict", "heldout"):
        (folder / part).mkdir()
    english, norwegian = zip(*PAIRS, strict=True)
    tsv = "".join(f"{en}\t{nb}\n" for en, nb in PAIRS)
    for name, text in {
        "mono/en.general.txt": "\n".join(english),
        "mono/nb.general.txt": "\n".join(norwegian),
        "parallel/en-nb.tsv": tsv,
        "dict/en-nb.tsv": "phone\ttelefon\nqueue\tkø\nold\tgammel\n",
        "heldout/ntrex.en-nb.tsv": "".join(f"{en}\t{nb}\n" for en, nb in HELD_OUT),
    }.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def whole(corpus: Path, encoder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run that nothing interrupted."""
    out = tmp_path_factory.mktemp("whole")
    pretrain(corpus, RECIPE, encoder, out, report=lambda line: None)
    return out


def test_a_run_writes_an_encoder_that_transformers_loads(whole: Path) -> None:
    model, tokenizer = AutoModel.from_pretrained(whole / "encoder"), AutoTokenizer.from_pretrained(whole / "encoder")
    assert model.get_input_embeddings().num_embeddings == len(tokenizer)
    pieces = tokenizer("Ingen tar telefonen", return_tensors="pt")
    assert pieces["input_ids"][0, 0] == tokenizer.cls_token_id
    assert torch.isfinite(model(**pieces).last_hidden_state).all()


def test_a_run_learns(corpus: Path, encoder: Path, tmp_path: Path) -> None:
    said: list[str] = []
    longer = replace(RECIPE, steps=100, checkpoint_minutes=60.0, learning_rate=1e-3, embedding_rate=1e-2)
    pretrain(corpus, longer, encoder, tmp_path, report=said.append)
    early, late = (re.findall(r"[\d.]+(?= (?:masked|[\d,]+ pieces))", line) for line in said if "pieces/s" in line)
    assert all(float(after) < float(before) for before, after in zip(early, late, strict=True))
    assert len(early) == 2


def test_a_run_logs_how_well_translations_are_found(whole: Path) -> None:
    log = [json.loads(line) for line in (whole / "retrieval.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [entry["step"] for entry in log][-1] == RECIPE.steps
    assert set(log[-1]) == {"step", "nb"}


def test_an_interrupted_run_goes_on_to_the_same_weights(
    corpus: Path, encoder: Path, whole: Path, tmp_path: Path
) -> None:
    # Both begin from one vocabulary, whose learning has threads of its own.
    shutil.copyfile(whole / "vocabulary.json", tmp_path / "vocabulary.json")

    def stop_after_three(line: str) -> None:
        if line.startswith("checkpoint at step 3"):
            raise StoppedError

    with pytest.raises(StoppedError):
        pretrain(corpus, RECIPE, encoder, tmp_path, report=stop_after_three)
    assert not (tmp_path / "encoder").exists()
    said: list[str] = []
    made = pretrain(corpus, RECIPE, encoder, tmp_path, report=said.append)
    assert not any("checkpoint at step 3" in line for line in said)
    expected = AutoModel.from_pretrained(whole / "encoder").state_dict()
    for name, weight in AutoModel.from_pretrained(made).state_dict().items():
        assert torch.equal(weight, expected[name]), name


def test_a_stop_between_two_checkpoints_costs_only_the_steps_since(
    corpus: Path, encoder: Path, whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copyfile(whole / "vocabulary.json", tmp_path / "vocabulary.json")
    real, done = Pretraining._learn, []

    def stop_at_five(self: Pretraining, step: int, loss: torch.Tensor) -> None:
        done.append(step)
        if done == [0, 1, 2, 3, 4]:
            raise StoppedError
        if step == 2:  # from here on no checkpoint is due
            object.__setattr__(self.recipe, "checkpoint_minutes", 60.0)
        real(self, step, loss)

    monkeypatch.setattr(Pretraining, "_learn", stop_at_five)
    with pytest.raises(StoppedError):
        pretrain(corpus, replace(RECIPE), encoder, tmp_path, report=lambda line: None)
    made = pretrain(corpus, replace(RECIPE), encoder, tmp_path, report=lambda line: None)
    assert done == [0, 1, 2, 3, 4, 2, 3, 4, 5]
    expected = AutoModel.from_pretrained(whole / "encoder").state_dict()
    for name, weight in AutoModel.from_pretrained(made).state_dict().items():
        assert torch.equal(weight, expected[name]), name


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"learning_rate": 1e-5}, "holds a run whose learning_rate was another; give another folder"),
        ({"steps": 3}, "is at step 6 already"),
        ({"steps": 60}, "have begun to fall, or would at once with 60 steps; leave steps as they were"),
    ],
)
def test_another_run_in_the_same_folder_is_refused(
    changes: dict[str, float], said: str, corpus: Path, encoder: Path, whole: Path
) -> None:
    with pytest.raises(RecipeError, match=said):
        pretrain(corpus, replace(RECIPE, **changes), encoder, whole, report=lambda line: None)


def test_another_corpus_in_the_same_folder_is_refused(corpus: Path, encoder: Path, whole: Path, tmp_path: Path) -> None:
    other = tmp_path / "corpus"
    shutil.copytree(corpus, other)
    (other / "mono" / "en.general.txt").write_text("one more line\n", encoding="utf-8")
    with pytest.raises(RecipeError, match="holds a run whose corpus was another"):
        pretrain(other, RECIPE, encoder, whole, report=lambda line: None)


def test_a_run_may_only_hide_words_or_only_distil(corpus: Path, encoder: Path, tmp_path: Path) -> None:
    for share in (0.0, 1.0):
        recipe = replace(RECIPE, distill_share=share, steps=2)
        assert pretrain(corpus, recipe, encoder, tmp_path / str(share), report=lambda line: None).is_dir()
    assert not (tmp_path / "0.0" / "teacher.f16").exists()
    assert (tmp_path / "1.0" / "teacher.f16").exists()


def test_a_finished_encoder_is_fine_tuned(
    whole: Path, rows: list[LabelledComment], recipe: FinetuneRecipe, tmp_path: Path
) -> None:
    made = finetune(rows, whole / "encoder", tmp_path / "model", recipe=replace(recipe, epochs=1))
    assert CauseClassifier.load(made).classify(["nobody called back"])[0].model_version


def test_a_run_can_go_on_from_an_encoder_with_its_vocabulary(
    corpus: Path, encoder: Path, whole: Path, tmp_path: Path
) -> None:
    still = replace(RECIPE, steps=1, learning_rate=0.0, embedding_rate=0.0, bag_steps=0)
    made = pretrain(corpus, still, encoder, tmp_path, whole / "encoder", report=lambda line: None)
    expected = AutoModel.from_pretrained(whole / "encoder").state_dict()
    for name, weight in AutoModel.from_pretrained(made).state_dict().items():
        assert torch.equal(weight, expected[name]), name
    vocabularies = [AutoTokenizer.from_pretrained(folder).get_vocab() for folder in (made, whole / "encoder")]
    assert vocabularies[0] == vocabularies[1]


PROCESS = """
import sys
from pathlib import Path
import torch
from recontact_training.pretrain import Pretraining
from recontact_training.recipe import PretrainRecipe, load_recipe

corpus, teacher, out, recipe = map(Path, sys.argv[1:])
run = Pretraining(corpus, load_recipe(recipe, PretrainRecipe), teacher, out, None, lambda line: None)
drawn, distil = [], run.material.distil

def draw(ordinal):
    drawn.append(ordinal)
    return distil(ordinal)

run.material.distil = draw
run.run()
torch.save((drawn, run.student.state_dict()), out / f"process-{run.accelerator.process_index}.pt")
"""


def test_two_processes_train_one_encoder_on_batches_of_their_own(
    corpus: Path, encoder: Path, whole: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    out.mkdir()
    shutil.copyfile(whole / "vocabulary.json", out / "vocabulary.json")
    dials = {**asdict(RECIPE), "distill_share": 1.0, "checkpoint_minutes": 60.0}
    (tmp_path / "recipe.yaml").write_text(yaml.safe_dump(dials), encoding="utf-8")
    (tmp_path / "process.py").write_text(PROCESS, encoding="utf-8")
    done = subprocess.run(
        [
            sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2",
            *map(str, (tmp_path / "process.py", corpus, encoder, out, tmp_path / "recipe.yaml")),
        ],
        env={**os.environ, "OMP_NUM_THREADS": "1"}, capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    (first, ours), (second, theirs) = (torch.load(out / f"process-{k}.pt") for k in (0, 1))
    assert first == [0, 2, 4, 6, 8, 10]
    assert second == [1, 3, 5, 7, 9, 11]
    for name, weight in ours.items():
        assert torch.equal(weight, theirs[name]) or "pooler" in name, name  # which the one that saves sets
    assert len((out / "retrieval.jsonl").read_text(encoding="utf-8").splitlines()) == 1
    with pytest.raises(RecipeError, match="number of processes was another"):
        pretrain(corpus, load_recipe(tmp_path / "recipe.yaml", PretrainRecipe), encoder, out, report=lambda line: None)


def test_a_teacher_of_another_kind_is_refused_before_anything_is_written(
    corpus: Path, encoder: Path, tmp_path: Path
) -> None:
    teacher, out = tmp_path / "teacher", tmp_path / "out"
    shutil.copytree(encoder, teacher)
    (teacher / "1_Pooling").mkdir()
    (teacher / "1_Pooling" / "config.json").write_text('{"pooling_mode_cls_token": true}', encoding="utf-8")
    with pytest.raises(ModelError, match="does not take the mean"):
        pretrain(corpus, RECIPE, teacher, out)
    shutil.rmtree(teacher / "1_Pooling")
    tokens = (teacher / "tokenizer.json").read_text(encoding="utf-8")
    (teacher / "tokenizer.json").write_text(tokens.replace("[PAD]", "<pad>"), encoding="utf-8")
    with pytest.raises(ModelError, match=r"lacks \[PAD\]; give a teacher of BERT's kind"):
        pretrain(corpus, RECIPE, teacher, out)
    with pytest.raises(RecipeError, match="reads 128 pieces at most"):
        pretrain(corpus, replace(RECIPE, max_length=200, batch_pieces=400), encoder, out)
    assert not out.exists()


def test_what_is_no_encoder_is_refused(corpus: Path, encoder: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="no encoder"):
        pretrain(corpus, RECIPE, tmp_path, tmp_path / "out")
    with pytest.raises(ModelError, match="no encoder"):
        pretrain(corpus, RECIPE, encoder, tmp_path / "out", tmp_path)


def test_a_corpus_folder_that_is_not_there_is_refused(encoder: Path, tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="no corpus folder"):
        pretrain(tmp_path / "nowhere", RECIPE, encoder, tmp_path / "out")


def test_a_corpus_folder_without_any_text_of_the_recipes_languages_is_refused(encoder: Path, tmp_path: Path) -> None:
    (tmp_path / "mono").mkdir()
    (tmp_path / "mono" / "fi.general.txt").write_text("kukaan ei vastaa\n", encoding="utf-8")
    with pytest.raises(CorpusError, match="no text of any language"):
        pretrain(tmp_path, RECIPE, encoder, tmp_path / "out")


def test_words_are_hidden_whole_and_special_pieces_never() -> None:
    starts = torch.tensor([False, False, False, True, False, True])
    ids = torch.tensor([[1, 3, 4, 4, 5, 4, 3, 2]] * 400)
    hidden, chosen = hide(ids, 0.3, 9, torch.tensor([0, 1, 2]), starts, torch.Generator().manual_seed(4))
    assert (hidden[chosen] == 9).all()
    assert torch.equal(hidden[~chosen], ids[~chosen])
    assert not chosen[:, [0, 7]].any()
    for word in ([1, 2, 3], [4, 5]):
        assert (chosen[:, word].all(1) == chosen[:, word].any(1)).all()
    assert chosen[:, 1].float().mean() == pytest.approx(0.3, abs=0.07)


def test_the_distillation_loss_falls_towards_the_right_vectors() -> None:
    targets = torch.eye(4)
    none_same = torch.eye(4, dtype=torch.bool)
    right, turned = (float(distillation_loss(v, targets, none_same, 20.0)) for v in (targets, targets.roll(1, 0)))
    assert right < 0.01 < 1 < turned


def test_another_sentence_with_the_same_translation_is_no_wrong_answer() -> None:
    targets = torch.eye(4)[[0, 0, 1]]
    known = torch.tensor([0, 0, 1])
    assert float(distillation_loss(targets, targets, known[:, None] == known, 20.0)) < 0.01
    assert float(distillation_loss(targets, targets, torch.eye(3, dtype=torch.bool), 20.0)) > 0.4


def test_the_rate_rises_stays_and_falls_to_zero() -> None:
    recipe = replace(RECIPE, steps=100, warmup_steps=10, fall_share=0.25)
    rates = [schedule(step, recipe) for step in range(100)]
    assert rates[0] == pytest.approx(0.1)
    assert set(rates[9:75]) == {1.0}
    assert rates[99] == pytest.approx(0.04)
    longer = replace(recipe, steps=200)
    assert [schedule(step, longer) for step in range(75)] == rates[:75]

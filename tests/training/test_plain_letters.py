"""A model that reads plain letters answers "losning" as it answers "løsning"."""

from pathlib import Path

import numpy as np
import pytest
import torch
from tokenizers import Tokenizer, models
from transformers import AutoModel, AutoTokenizer, PreTrainedTokenizerFast

from recontact import CauseClassifier
from recontact_data.errors import ModelError, RecipeError
from recontact_data.labels import LabelledComment
from recontact_training.finetune import finetune
from recontact_training.plain_letters import is_plain, read_plain_letters
from recontact_training.recipe import FinetuneRecipe, load_recipe
from recontact_training.student import word_embeddings

SPELLINGS = [
    ("løsningen på det", "losningen pa det"),
    ("není vyřízeno", "neni vyrizeno"),
    ("Straße", "strasse"),
    ("kısa sürdü", "kisa surdu"),
    ("l’équipe", "l'equipe"),
    ("ещё раз", "еще раз"),
]


def folded(encoder: Path) -> tuple[torch.Tensor, torch.Tensor, PreTrainedTokenizerFast, PreTrainedTokenizerFast]:
    """Word embeddings and tokenizer of an encoder, before and after."""
    model, tokenizer = AutoModel.from_pretrained(encoder), AutoTokenizer.from_pretrained(encoder)
    before = word_embeddings(model).detach().clone()
    read_plain_letters(model, tokenizer)
    return before, word_embeddings(model).detach(), AutoTokenizer.from_pretrained(encoder), tokenizer


@pytest.mark.parametrize(("written", "plain"), SPELLINGS)
def test_both_spellings_give_the_same_pieces(encoder: Path, written: str, plain: str) -> None:
    _, _, old, new = folded(encoder)
    assert new(written)["input_ids"] == new(plain)["input_ids"]
    assert old(written)["input_ids"] != old(plain)["input_ids"] or written.startswith(
        "ещё"
    )  # the toy knows no Cyrillic


@pytest.mark.parametrize(("one", "other"), [("мой", "мои"), ("їх", "іх")])
def test_letters_that_nobody_leaves_out_stay_apart(encoder: Path, one: str, other: str) -> None:
    normalizer = folded(encoder)[3].backend_tokenizer.normalizer
    assert normalizer.normalize_str(one) == one != normalizer.normalize_str(other)


def test_offsets_are_those_of_the_comment_as_it_was_written(encoder: Path) -> None:
    _, _, _, tokenizer = folded(encoder)
    text = "Straße på løsningen"
    found = tokenizer(text, return_offsets_mapping=True)["offset_mapping"]
    assert found[1:-1] == sorted(found[1:-1])
    assert {k for start, end in found for k in range(start, end)} == set(range(len(text)))


def test_a_piece_keeps_its_embedding_and_two_that_become_one_share_theirs() -> None:
    pieces = [("[UNK]", 0.0), ("▁på", -1.0), ("▁pa", -1.0 - np.log(3)), ("▁tå", -2.0), ("▁so", -3.0)]
    inner = Tokenizer(models.Unigram(pieces, 0, False))
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=inner, unk_token="[UNK]")
    embeddings = torch.nn.Embedding.from_pretrained(torch.arange(10.0).reshape(5, 2).clone())

    class Body(torch.nn.Module):
        def get_input_embeddings(self) -> torch.nn.Embedding:
            return embeddings

    embeddings.weight.requires_grad_(True)
    read_plain_letters(Body(), tokenizer)  # type: ignore[arg-type]
    vocabulary = tokenizer.get_vocab()
    assert vocabulary["▁pa"] == 2
    assert vocabulary["▁ta"] == 3
    assert embeddings.weight[2].tolist() == pytest.approx([0.75 * 2 + 0.25 * 4, 0.75 * 3 + 0.25 * 5])
    assert embeddings.weight[[3, 4]].tolist() == [[6.0, 7.0], [8.0, 9.0]]


def test_a_plain_vocabulary_stays_as_it_is(encoder: Path) -> None:
    model, tokenizer = AutoModel.from_pretrained(encoder), AutoTokenizer.from_pretrained(encoder)
    read_plain_letters(model, tokenizer)
    once, weights = tokenizer.backend_tokenizer.to_str(), word_embeddings(model).detach().clone()
    read_plain_letters(model, tokenizer)
    assert is_plain(tokenizer.backend_tokenizer)
    assert tokenizer.backend_tokenizer.to_str() == once
    assert torch.equal(word_embeddings(model), weights)


def test_a_vocabulary_of_another_kind_is_refused() -> None:
    inner = Tokenizer(models.WordLevel({"[UNK]": 0, "på": 1}, unk_token="[UNK]"))
    with pytest.raises(ModelError, match="plain_letters needs a Unigram vocabulary, and this one is WordLevel"):
        read_plain_letters(torch.nn.Module(), PreTrainedTokenizerFast(tokenizer_object=inner))  # type: ignore[arg-type]


def test_a_model_trained_so_answers_both_spellings_alike(
    rows: list[LabelledComment], encoder: Path, tmp_path: Path
) -> None:
    recipe = FinetuneRecipe(epochs=1, batch_size=8, plain_letters=True)
    model = CauseClassifier.load(finetune(rows, encoder, tmp_path / "model", recipe=recipe))
    written, plain = model.classify(["Løsningen på dét virket ikke", "losningen pa det virket ikke"])
    assert written.probabilities == plain.probabilities


def test_the_dial_is_yes_or_no(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text("plain_letters: 1\n", encoding="utf-8")
    with pytest.raises(RecipeError, match="dial plain_letters has the value 1"):
        load_recipe(file, FinetuneRecipe)

"""Recipes: every dial of a run in one file, and a plain answer to a wrong one."""

from pathlib import Path

import pytest

from recontact_data.errors import RecipeError
from recontact_training.recipe import RECIPES, FinetuneRecipe, PretrainRecipe, load_recipe


def saved(folder: Path, text: str) -> Path:
    path = folder / "mine.yaml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("path", sorted(RECIPES.glob("*.yaml")), ids=lambda path: path.stem)
def test_each_shipped_recipe_loads_by_name_and_by_path(path: Path) -> None:
    kind = PretrainRecipe if path.stem.startswith("pretrain") else FinetuneRecipe
    assert load_recipe(path.stem, kind) == load_recipe(path, kind)


def test_dials_that_a_file_leaves_out_keep_their_defaults(tmp_path: Path) -> None:
    found = load_recipe(saved(tmp_path, "epochs: 3\npriority: {nb: 2}\n"), FinetuneRecipe)
    assert found == FinetuneRecipe(epochs=3, priority={"nb": 2})


def test_an_empty_file_is_the_default_recipe(tmp_path: Path) -> None:
    assert load_recipe(saved(tmp_path, "# nothing\n"), FinetuneRecipe) == FinetuneRecipe()


def test_a_whole_number_will_do_where_a_broken_one_is_due(tmp_path: Path) -> None:
    assert load_recipe(saved(tmp_path, "learning_rate: 1\n"), FinetuneRecipe).learning_rate == 1


def test_a_missing_recipe_is_answered_with_the_shipped_ones(tmp_path: Path) -> None:
    with pytest.raises(
        RecipeError, match="one of: finetune, finetune-hidden, finetune-more, pretrain-minilm, pretrain-more"
    ):
        load_recipe("finetuen", FinetuneRecipe)
    with pytest.raises(RecipeError, match="no recipe at"):
        load_recipe(tmp_path, FinetuneRecipe)


def test_an_unknown_dial_is_answered_with_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match="unknown dial 'epoch'; known: epochs, batch_size"):
        load_recipe(saved(tmp_path, "epoch: 3\n"), FinetuneRecipe)


@pytest.mark.parametrize("line", ["epochs: 2.5", "epochs: yes", "epochs: ten", "dropout: high", "priority: [nb]"])
def test_a_dial_of_the_wrong_type_is_named_with_its_value(tmp_path: Path, line: str) -> None:
    name = line.partition(":")[0]
    with pytest.raises(RecipeError, match=f"dial {name} has the value"):
        load_recipe(saved(tmp_path, line), FinetuneRecipe)


def test_a_dial_without_default_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match="languages"):
        load_recipe(saved(tmp_path, "steps: 3\n"), PretrainRecipe)


@pytest.mark.parametrize(
    ("dial", "said"),
    [
        ("steps: 0", "steps is 0; it must be a finite number from 1"),
        ("seed: -1", "seed is -1; it must be a finite number from 0"),
        ("embedding_rate: .nan", "embedding_rate is nan"),
        ("learning_rate: .inf", "learning_rate is inf"),
        ("distill_share: 1.5", "distill_share is 1.5; it must be 0 to 1"),
        ("max_length: 3", "max_length is 3; it must be a finite number from 4"),
        ("batch_pieces: 200", "at least twice max_length"),
        ("attention: quick", "attention is 'quick'; it must be one of eager, sdpa"),
        ("domain_share: 0.6\ndictionary_share: 0.5", "less than 1 together"),
        ("languages: {no: 2}", "YAML reads an unquoted no as False"),
        ("languages: {nb: .nan}", "the weight of language 'nb'"),
    ],
)
def test_a_pretraining_dial_that_cannot_train_is_named(tmp_path: Path, dial: str, said: str) -> None:
    text = dial if dial.startswith("languages") else f"languages: {{nb: 1}}\n{dial}"
    with pytest.raises(RecipeError, match=said):
        load_recipe(saved(tmp_path, text), PretrainRecipe)


@pytest.mark.parametrize("content", [b"epochs: [\n", b"a: b: c\n", b"- 1\n", b"just words\n", b"\xff\xfe\xfa\n"])
def test_a_file_that_is_no_recipe_is_refused_in_one_line(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "mine.yaml"
    path.write_bytes(content)
    with pytest.raises(RecipeError, match=r"mine\.yaml") as refusal:
        load_recipe(path, FinetuneRecipe)
    assert "\n" not in str(refusal.value)

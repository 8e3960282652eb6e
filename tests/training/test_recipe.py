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
    with pytest.raises(RecipeError, match="one of: finetune, finetune-hidden, finetune-more, pretrain-minilm"):
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


@pytest.mark.parametrize("content", [b"epochs: [\n", b"a: b: c\n", b"- 1\n", b"just words\n", b"\xff\xfe\xfa\n"])
def test_a_file_that_is_no_recipe_is_refused_in_one_line(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "mine.yaml"
    path.write_bytes(content)
    with pytest.raises(RecipeError, match=r"mine\.yaml") as refusal:
        load_recipe(path, FinetuneRecipe)
    assert "\n" not in str(refusal.value)

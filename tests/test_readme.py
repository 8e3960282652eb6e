"""README says what is true: its Python block runs, its set-up is two commands, its tree names every module."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_python_block_runs_on_the_bundled_model() -> None:
    (block,) = re.findall(r"```python\n(.*?)```", README, flags=re.DOTALL)
    names: dict[str, object] = {}
    exec(block, names)
    assert getattr(names["prediction"], "language", None) == "nb"


def test_set_up_is_exactly_two_commands() -> None:
    part = README.partition("<!-- set-up -->")[2].partition("<!-- end -->")[0]
    assert len([line for line in part.splitlines() if line.startswith(("python3", ".venv"))]) == 2


@pytest.mark.parametrize("folder", ["data/recontact_data", "model/recontact", "training", "serving"])
def test_the_tree_names_every_module(folder: str) -> None:
    modules = [path for path in (ROOT / folder).rglob("*.py") if path.name != "__init__.py"]
    missing = [path.name for path in modules if f"{path.name} " not in README]
    assert not missing, f"README's tree lacks {missing}"

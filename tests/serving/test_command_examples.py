"""The commands of README and docs/retraining.md do what is said; those that take long are listed with the reason.

A toy model, a survey and label files of the toy's comments lie where the commands look for them. A line that is
neither run nor listed fails.
"""

import json
import re
import shlex
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from recontact import CauseClassifier
from recontact.artifact import BUNDLED, read_manifest
from recontact.registry import Registry
from recontact_data.label_files import read_label_files
from recontact_data.labels import LabelledComment, write_labelled
from recontact_data.taxonomy import load_taxonomy

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = ("README.md", "docs/retraining.md")
BLOCKS = [
    block
    for name in DOCUMENTS
    for block in re.findall(r"```(\w*)\n(.*?)```", (ROOT / name).read_text(encoding="utf-8"), flags=re.DOTALL)
]
LINES = [line for kind, block in BLOCKS if kind == "sh" for line in block.splitlines()]

NOT_RUN = {
    r"python3 -m venv|pip install": "sets up an environment; .ci/run does",
    r"recontact train ": "takes minutes from the bundled model; tests of training run it from a toy",
    r"recontact pretrain |TEACHER=": "takes hours, and a corpus that is not shipped",
    r"recontact evaluate-encoder ": "needs that corpus",
    r"recontact average |benchmarks/seeds\.py": "needs several trained models",
    r"--frozen ENCODER --setfit": "takes minutes, and an encoder of the user's choice",
    r"--texts pool\.jsonl": "needs the texts of real comments, which are not shipped",
    r"recontact serve|curl ": "test_api_examples.py runs its like",
}

Shell = Callable[[str, Path], "subprocess.CompletedProcess[str]"]
Run = Callable[[str, Path], str]
Done = Callable[[str, Path], object]


def command_of(line: str) -> str:
    """A line without what is said of it."""
    return re.sub(r"\s+#.*", "", line).strip()


COMMANDS = [
    command for command in dict.fromkeys(map(command_of, LINES)) if not any(re.search(e, command) for e in NOT_RUN)
]


@pytest.fixture
def folder(
    tmp_path: Path,
    model_folder: Path,
    spoiled_folder: Path,
    rows: list[LabelledComment],
    request: pytest.FixtureRequest,
) -> Path:
    """What the documents' user has: a survey, labels, a model, a registry where it was in service once."""
    table = pl.DataFrame({"id": [1, 2], "comment": ["they never called back on 07911 123456", "all good, thank you"]})
    table.write_csv(tmp_path / "survey.csv")
    table.write_excel(tmp_path / "survey.xlsx")
    table.write_ndjson(tmp_path / "comments.jsonl")
    write_labelled(tmp_path / "labels.jsonl", rows)
    causes = [";".join(row.labels) or "none" for row in rows]
    labels = pl.DataFrame({"comment": [row.text for row in rows], "label": causes})
    labels.write_csv(tmp_path / "labels.csv")
    labels.write_csv(tmp_path / "more-labels.csv")
    shutil.copytree(model_folder, tmp_path / "my-model")
    registry = Registry.create(tmp_path / "registry")
    toy, spoiled = registry.add(model_folder), registry.add(spoiled_folder)
    registry.promote(toy, instead_of=None)
    registry.promote(spoiled, instead_of=toy)
    return tmp_path


@pytest.fixture
def run(recontact: Callable[..., tuple[int, str]], shell: Shell, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs a command in a folder; gives what it printed."""
    monkeypatch.setenv("COLUMNS", "200")

    def ran(command: str, folder: Path) -> str:
        monkeypatch.chdir(folder)
        if "|" in command:
            said = shell(command, folder)
            code, printed = said.returncode, said.stdout + said.stderr
        else:  # in this process, which has imported torch already
            code, printed = recontact(*shlex.split(command)[1:])
        assert code == 0, printed
        return printed

    return ran


def answers(name: str) -> Done:
    """The survey came back with causes in a file of that name."""

    def check(_: str, folder: Path) -> None:
        readers: dict[str, Callable[[Path], pl.DataFrame]] = {
            ".csv": pl.read_csv, ".parquet": pl.read_parquet, ".jsonl": pl.read_ndjson,
            ".xlsx": lambda path: pl.read_excel(path, engine="calamine"),
        }  # fmt: skip
        table = readers[Path(name).suffix](folder / name)
        assert [str(id) for id in table["id"]] == ["1", "2"]
        assert {"cause", "confidence", "language", "needs_review", "prob_no_callback"} <= set(table.columns)

    return check


def without_personal_data(printed: str, folder: Path) -> None:
    assert "1 comment had personal data, now masked (phone 1)" in printed
    assert "[phone]" in (folder / "survey.causes.csv").read_text(encoding="utf-8")


def reported(printed: str, folder: Path) -> None:
    assert "macro" in printed.lower()
    assert "<html" in (folder / "report.html").read_text(encoding="utf-8")


def reported_with_figures(printed: str, folder: Path) -> None:
    reported(printed, folder)
    assert json.loads((folder / "figures.json").read_text(encoding="utf-8"))


def calibrated(name: str) -> Done:
    """There is a model of that name, with a version of its own."""

    def check(_: str, folder: Path) -> None:
        assert read_manifest(folder / name).version != read_manifest(folder / "registry/versions" / toy(folder)).version
        assert CauseClassifier.load(folder / name).predict(["they never called back"]).shape == (1, 9)

    return check


def toy(folder: Path) -> str:
    """Name and version of the toy model."""
    return Registry(folder / "registry").history[0].version


def in_service(printed: str, folder: Path) -> None:
    """The toy model is in service again."""
    assert Registry(folder / "registry").current == toy(folder)
    assert f"current: {toy(folder)}" in printed


RUN: dict[str, Done] = {
    "recontact classify survey.xlsx": answers("survey.causes.xlsx"),
    "recontact classify survey.csv -o causes.parquet --text-column comment": answers("causes.parquet"),
    "recontact classify survey.csv --redact": without_personal_data,
    "recontact classify survey.csv --model my-model": answers("survey.causes.csv"),
    "recontact classify survey.csv --model my-model --min-precision 0.8": answers("survey.causes.csv"),
    "cat comments.jsonl | recontact classify - > causes.jsonl": answers("causes.jsonl"),
    "recontact evaluate my-model labels.csv": lambda printed, _: re.search("macro-F1", printed)[0],  # type: ignore[index]
    "recontact evaluate my-model labels.csv --report report.html": reported,
    "recontact evaluate my-model labels.csv --report report.html -o figures.json": reported_with_figures,
    "recontact calibrate my-model more-labels.csv -o my-model-2": calibrated("my-model-2"),
    "recontact calibrate bundled labels.csv -o my-model": calibrated("my-model"),
    "recontact models add my-model --registry registry": lambda printed, folder: printed.index(toy(folder)),
    "recontact models promote mine@… --registry registry --labels labels.jsonl": in_service,
    "recontact compare my-model registry labels.jsonl": lambda printed, _: printed.index("macro-F1"),
    "recontact models rollback --registry registry": in_service,
    "recontact models list --registry registry": lambda printed, folder: printed.index(toy(folder)),
    "recontact models verify --registry registry": lambda printed, _: printed.index("2 versions, all whole"),
}
FIRST = [
    "recontact models add bundled --registry registry",
    "recontact models promote recontact@… --registry registry",
]


@pytest.mark.parametrize("command", RUN)
def test_a_command_does_what_is_said(command: str, folder: Path, run: Run) -> None:
    if command.endswith("-o my-model"):
        shutil.rmtree(folder / "my-model")
    RUN[command](run(command.replace("mine@…", toy(folder)), folder), folder)


def test_the_first_model_of_a_registry_is_put_in_service(tmp_path: Path, run: Run) -> None:
    version = read_manifest(BUNDLED).model_version
    for command in FIRST:
        run(command.replace("recontact@…", version), tmp_path)
    assert Registry(tmp_path / "registry").current == version


def test_the_files_that_are_shown_can_be_read(tmp_path: Path) -> None:
    shown = [block for kind, block in BLOCKS if kind != "sh"]
    (tmp_path / "labels.csv").write_text(next(block for block in shown if block.startswith("comment,label")))
    first, second = read_label_files([tmp_path / "labels.csv"], load_taxonomy())
    assert (first.labels, first.split) == (("solution_failed",), "train")
    assert (set(second.labels), second.split) == ({"no_callback", "no_help"}, "test")
    (tmp_path / "causes.yaml").write_text(next(block for block in shown if block.startswith("languages:")))
    assert load_taxonomy(tmp_path / "causes.yaml").ids == ("too_slow", "too_dear")


def test_every_command_is_run_or_listed_with_the_reason() -> None:
    assert sorted(COMMANDS) == sorted([*RUN, *FIRST])
    for listed in NOT_RUN:
        assert any(re.search(listed, line) for line in LINES), f"no command matches {listed!r} now"

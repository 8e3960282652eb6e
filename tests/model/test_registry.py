"""A registry: versions come in whole, one rename switches, and nothing that happens on the way harms it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from filelock import FileLock

from recontact import CauseClassifier, registry
from recontact.artifact import Manifest, fingerprints, sha256, write_manifest
from recontact.registry import Registry, is_registry
from recontact_data.errors import ModelError


def make_model(folder: Path, content: str, name: str = "toy") -> Path:
    """A folder that a registry takes for a model: it never opens one."""
    folder.mkdir()
    (folder / "model.safetensors").write_text(content)
    (folder / "model.onnx").write_text("graph")
    version = sha256(folder / "model.safetensors")[:12]
    write_manifest(folder, Manifest(name, version, "2026-11-22", 256, fingerprints(folder)))
    return folder


@pytest.fixture
def kept(tmp_path: Path) -> Registry:
    """A registry of three versions, none in service."""
    made = Registry.create(tmp_path / "registry")
    for content in ("one", "two", "three"):
        made.add(make_model(tmp_path / content, content))
    return made


@pytest.fixture
def three(kept: Registry, tmp_path: Path) -> list[str]:
    """The versions of `kept`, in the order they were added."""
    return ["toy@" + sha256(tmp_path / name / "model.safetensors")[:12] for name in ("one", "two", "three")]


def promoted(kept: Registry, *versions: str) -> None:
    for version in versions:
        kept.promote(version, instead_of=kept.current)


def test_a_model_that_is_added_is_copied_whole_and_not_put_in_service(
    kept: Registry, three: list[str], tmp_path: Path
) -> None:
    assert sorted(kept.versions) == sorted(three)
    assert kept.current is None
    source, copy = tmp_path / "one", kept.folder_of(three[0])
    assert {p.name: p.read_bytes() for p in copy.iterdir()} == {p.name: p.read_bytes() for p in source.iterdir()}
    assert copy.stat().st_mode == source.stat().st_mode  # whoever may read the model may read its copy
    assert not list(kept.folder.glob(".incoming-*"))


def test_what_the_manifest_does_not_name_stays_behind(tmp_path: Path) -> None:
    source = make_model(tmp_path / "source", "one")
    (source / "pytorch_model.bin").write_text("a pickle")
    made = Registry.create(tmp_path / "registry")
    assert not (made.folder_of(made.add(source)) / "pytorch_model.bin").exists()


def test_a_damaged_model_is_not_added(tmp_path: Path) -> None:
    source = make_model(tmp_path / "source", "one")
    (source / "model.onnx").write_text("another graph")
    made = Registry.create(tmp_path / "registry")
    with pytest.raises(ModelError, match="differs from the manifest"):
        made.add(source)
    assert made.versions == ()


def test_adding_a_model_again_changes_nothing(kept: Registry, three: list[str], tmp_path: Path) -> None:
    assert kept.add(tmp_path / "one") == three[0]
    assert sorted(kept.versions) == sorted(three)


def test_another_model_of_the_same_weights_and_name_is_refused(kept: Registry, tmp_path: Path) -> None:
    other = make_model(tmp_path / "other", "one")
    (other / "model.onnx").write_text("another graph")
    manifest = json.loads((other / "manifest.json").read_text())
    manifest["files"]["model.onnx"] = sha256(other / "model.onnx")
    (other / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(ModelError, match=r"another model with the weights of toy@.*--name"):
        kept.add(other)


@pytest.mark.parametrize("name", ["../up", "a/b", ".hidden", "", "c:\\d"])
def test_a_name_that_cannot_be_a_folder_is_refused(tmp_path: Path, name: str) -> None:
    source = make_model(tmp_path / "source", "one", name=name)
    with pytest.raises(ModelError, match="cannot name a folder"):
        Registry.create(tmp_path / "registry").add(source)


def test_a_folder_that_holds_something_else_does_not_become_a_registry(tmp_path: Path) -> None:
    model = make_model(tmp_path / "model", "one")
    with pytest.raises(ModelError, match="not empty and no model registry"):
        Registry.create(model)
    with pytest.raises(ModelError, match="no model registry"):
        Registry(model)


def test_rollback_goes_back_version_by_version(kept: Registry, three: list[str]) -> None:
    promoted(kept, *three)
    assert kept.current == three[2]
    assert kept.rollback() == kept.current == three[1]
    promoted(kept, three[2])
    assert [kept.rollback(), kept.rollback()] == [three[1], three[0]]
    with pytest.raises(ModelError, match="nothing was in service before"):
        kept.rollback()
    assert kept.current == three[0]
    actions = ["promote"] * 3 + ["rollback", "promote", "rollback", "rollback"]
    assert [change.action for change in kept.history] == actions


def test_promoting_the_current_version_changes_nothing(kept: Registry, three: list[str]) -> None:
    promoted(kept, three[0])
    before = kept.history
    kept.promote(three[0], instead_of=three[0])
    assert kept.history == before


def test_a_version_measured_against_another_than_the_current_one_is_refused(kept: Registry, three: list[str]) -> None:
    promoted(kept, three[0], three[1])
    with pytest.raises(ModelError, match=f"{three[1]} is current now, not {three[0]}"):
        kept.promote(three[2], instead_of=three[0])
    assert kept.current == three[1]


def test_an_unknown_version_is_refused_with_the_known_ones(kept: Registry, three: list[str]) -> None:
    for unknown in ("toy@nothing", "..", ""):
        with pytest.raises(ModelError, match=three[0]):
            kept.promote(unknown, instead_of=None)


def test_a_version_damaged_in_the_registry_is_neither_promoted_nor_rolled_back_to(
    kept: Registry, three: list[str]
) -> None:
    promoted(kept, three[0], three[1])
    for version in (three[0], three[2]):
        (kept.folder_of(version) / "model.onnx").write_text("another graph")
    with pytest.raises(ModelError, match="differs from the manifest"):
        kept.promote(three[2], instead_of=three[1])
    with pytest.raises(ModelError, match="differs from the manifest"):
        kept.rollback()
    assert kept.current == three[1]
    kept.promote(three[2], instead_of=three[1], overridden=["a reason"], damaged=True)
    assert (kept.current, kept.history[-1].overridden) == (three[2], ("a reason",))


def test_every_damage_is_found(kept: Registry, three: list[str]) -> None:
    assert kept.damages() == {}
    promoted(kept, three[0])
    (kept.folder_of(three[1]) / "model.onnx").unlink()
    kept.folder_of(three[0]).rename(kept.folder / "versions" / "renamed@1")
    found = kept.damages()
    assert set(found) == {three[0], three[1], "renamed@1"}
    assert "its folder is missing" in found[three[0]]
    assert "lacks model.onnx" in found[three[1]]
    assert f"holds {three[0]}" in found["renamed@1"]


@pytest.mark.parametrize(
    "content",
    [
        "", "[]", "{}", '{"format": 1}', '{"format": 2, "promotions": []}', '{"format": 1, "promotions": [3]}',
        '{"format": 1, "promotions": [{"version": "a@1", "action": "rollback", "at": "", "overridden": []}]}',
        '{"format": 1, "promotions": [{"version": "a@1", "action": "delete", "at": "", "overridden": []}]}',
    ],
)  # fmt: skip
def test_a_damaged_history_is_said_in_one_line_with_the_cure(kept: Registry, content: str) -> None:
    (kept.folder / "promotions.json").write_text(content)
    with pytest.raises(ModelError, match="restore it from a backup") as refusal:
        _ = kept.current
    assert "\n" not in str(refusal.value)


def test_who_waits_too_long_for_somebody_else_is_told(
    kept: Registry, three: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(registry, "PATIENCE", 0.05)
    with FileLock(kept.folder / ".lock"), pytest.raises(ModelError, match="another command is changing"):
        promoted(kept, three[0])
    promoted(kept, three[0])


def test_a_registry_opens_as_its_current_model(
    model_folder: Path, spoiled_folder: Path, tmp_path: Path, classifier: CauseClassifier
) -> None:
    made = Registry.create(tmp_path / "registry")
    toy, spoiled = made.add(model_folder), made.add(spoiled_folder)
    with pytest.raises(ModelError, match="has no current model"):
        CauseClassifier.load(made.folder)
    promoted(made, spoiled, toy)
    assert is_registry(made.folder)
    opened = CauseClassifier.load(made.folder)
    assert opened.model_version == toy
    assert opened.classify(["they never called back"]) == classifier.classify(["they never called back"])
    made.rollback()
    assert CauseClassifier.load(str(made.folder)).model_version == spoiled
    assert CauseClassifier.load(made.folder_of(toy)).model_version == toy


KILLED = """
import itertools, os, shutil, signal, sys, time
from pathlib import Path
from recontact.registry import Registry

work = Path(sys.argv[1])
template, source, place = work / "template", work / "new", work / "registry"
os.fsync = lambda descriptor: None  # for a loss of power, not for a kill; thousands of them take minutes on a busy disk
(old,) = Registry(template).versions
new = Registry.create(work / "other").add(source)

def killed_at(line):
    "Adds and promotes the new version, but dies at the given line of the package; whether it died."
    pid = os.fork()
    if pid == 0:
        left = line
        def trace(frame, event, argument):
            nonlocal left
            if os.sep + "recontact" not in frame.f_code.co_filename:
                return None
            left -= event == "line"
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            return trace
        sys.settrace(trace)
        made = Registry(place)
        made.add(source)
        made.promote(new, instead_of=old)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == -signal.SIGKILL

def killed_after(seconds):
    "Puts one, then the other version in service until it is killed."
    pid = os.fork()
    if pid == 0:
        made = Registry(place)
        for version in itertools.cycle([new, old]):
            made.promote(version, instead_of=made.current)
    time.sleep(seconds)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)

def check():
    made = Registry(place)
    assert made.current in (old, new), made.current
    assert made.damages() == {}, made.damages()
    return made

seen, points = set(), 0
for line in itertools.count(1):
    shutil.rmtree(place, ignore_errors=True)
    shutil.copytree(template, place)
    if not killed_at(line):
        break
    points += 1
    made = check()
    seen.add((made.current == new, new in made.versions))
    made.add(source)
    made.promote(new, instead_of=made.current)
    assert check().current == new
    assert not list(place.glob(".incoming-*"))
assert seen == {(False, False), (False, True), (True, True)}, seen

lengths = []
for k in range(25):
    killed_after(0.01 + 0.002 * k)
    lengths.append(len(check().history))
assert lengths == sorted(lengths) and lengths[-1] > lengths[0], lengths
print(points)
"""


def run(program: str, *arguments: Path | str) -> subprocess.Popen[str]:
    """Starts a program that imports the packages of this checkout."""
    paths = [str(Path(path).resolve()) for path in os.environ.get("PYTHONPATH", "").split(os.pathsep) if path]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(paths)}
    command = [sys.executable, "-c", program, *map(str, arguments)]
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_kill_at_any_moment_leaves_the_old_or_the_new_in_service_and_all_whole(tmp_path: Path) -> None:
    made = Registry.create(tmp_path / "template")
    made.promote(made.add(make_model(tmp_path / "old", "one")), instead_of=None)
    make_model(tmp_path / "new", "two")
    process = run(KILLED, tmp_path)
    printed, errors = process.communicate()
    assert process.returncode == 0, errors
    assert int(printed) >= 20


PROMOTES = """
import sys
from recontact.registry import Registry
from recontact_data.errors import ModelError
from pathlib import Path

made, own, done = Registry(Path(sys.argv[1])), sys.argv[2:], 0
while done < 25:
    current = made.current
    try:
        made.promote(own[current == own[0]], instead_of=current)
        done += 1
    except ModelError as error:
        assert "is current now" in str(error), error
"""


def test_of_promotes_at_once_none_is_lost_and_none_follows_what_it_was_not_measured_against(
    kept: Registry, three: list[str], tmp_path: Path
) -> None:
    fourth = kept.add(make_model(tmp_path / "four", "four"))
    promoted(kept, three[0])
    processes = [run(PROMOTES, kept.folder, *own) for own in ([three[0], three[1]], [three[2], fourth])]
    for process in processes:
        _, errors = process.communicate()
        assert process.returncode == 0, errors
    assert len(kept.history) == 1 + 2 * 25
    assert kept.damages() == {}

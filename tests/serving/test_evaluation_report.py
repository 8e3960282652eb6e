"""The report and the card of `recontact evaluate`: whole, safe, self-contained, and right."""

import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

from recontact import CauseClassifier
from recontact_data.errors import CommentFileError
from recontact_data.labels import LabelledComment, write_labelled
from recontact_serving.cli.main import main
from recontact_serving.report.card import card_figures, write_card
from recontact_serving.report.evaluation import evaluation_page
from recontact_training.sections import Evaluation, evaluate_sections

NASTY = '<script>alert(1)</script> & nobody "picks" up the phone'
VOID = {"meta", "br", "link", "img", "hr", "input"}


class Page(HTMLParser):
    """Checks that elements close in the order they open, and keeps what a reader sees."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.seen = ""
        self.feed(page)
        self.close()
        assert not self.open, self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.seen += data


@pytest.fixture(scope="module")
def evaluation(classifier: CauseClassifier, rows: list[LabelledComment]) -> Evaluation:
    """The toy model on written comments, one of which is labelled wrongly and spelt nastily, and on real ones."""
    some = [row for row in rows if row.split == "test"]
    wrong = replace(some[0], text=NASTY, labels=("no_callback",), primary="no_callback", evidence=())
    return evaluate_sections(classifier, {"written": [*some, wrong], "real": some}, "test")


@pytest.fixture(scope="module")
def page(evaluation: Evaluation) -> str:
    """Its report."""
    return evaluation_page(evaluation)


def test_the_page_is_sound_and_shows_texts_as_they_are(page: str) -> None:
    read = Page(page)
    assert NASTY in read.seen
    assert "script" not in read.tags
    assert read.tags.count("svg") == 10
    for asked in ("How good is it for my languages and causes?", "May I believe the number", "What are its mistakes?"):
        assert read.seen.count(asked) == 2


def test_the_page_needs_nothing_from_elsewhere(page: str) -> None:
    read = Page(page)
    assert not re.search(r"https?:|//[a-z]|@import|@font-face", page)
    assert not [name for name, _ in read.attributes if name in ("src", "href", "xlink:href")]
    inner = {value for name, value in read.attributes if name == "id"}
    assert set(re.findall(r"url\(#([^)]*)\)", page)) <= inner
    assert len([1 for name, _ in read.attributes if name == "id"]) == len(inner)


def test_the_page_holds_both_sections_with_the_same_figures_as_the_json(evaluation: Evaluation, page: str) -> None:
    version = evaluation.manifest.model_version
    found = evaluation.to_dict()
    seen = " ".join(Page(page).seen.split())
    for name, title in (("written", "Labelled comments"), ("real", "Real comments")):
        assert title in seen
        overall = found[name][version]["overall"]["macro_f1"]
        assert f"{overall['value']:.3f} {overall['low']:.3f}–{overall['high']:.3f}" in seen
    json.dumps(found)


def test_figures_are_written_between_the_markers_of_a_card(evaluation: Evaluation, tmp_path: Path) -> None:
    card = tmp_path / "README.md"
    card.write_text("# Mine\n<!-- figures -->\nold\n<!-- end -->\nMeant for <b>us</b>.\n", encoding="utf-8")
    for _ in range(2):
        write_card(card, evaluation)
        text = card.read_text(encoding="utf-8")
        assert text.startswith("# Mine\n<!-- figures -->\n")
        assert text.endswith("\n<!-- end -->\nMeant for <b>us</b>.\n")
        assert "old" not in text
        assert card_figures(evaluation) in text
    assert f"{evaluation.sections[0].assessment.overall.exact.value:.3f}" in text


@pytest.mark.parametrize(
    "text", ["no markers", "<!-- end --> <!-- figures -->", "<!-- figures -->\n" * 2 + "<!-- end -->"]
)
def test_a_card_without_markers_is_refused_with_the_cure(evaluation: Evaluation, tmp_path: Path, text: str) -> None:
    card = tmp_path / "README.md"
    card.write_text(text, encoding="utf-8")
    with pytest.raises(CommentFileError, match="put both, on lines of their own"):
        write_card(card, evaluation)
    assert card.read_text(encoding="utf-8") == text


def test_the_command_writes_report_json_and_card(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    rows: list[LabelledComment],
    model_folder: Path,
    encoder: Path,
) -> None:
    write_labelled(tmp_path / "labels.jsonl", rows)
    (tmp_path / "card.md").write_text("<!-- figures -->\n<!-- end -->\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    options = ["--frozen", str(encoder), "--report", "r.html", "-o", "f.json", "--card", "card.md"]
    monkeypatch.setattr("sys.argv", ["recontact", "evaluate", str(model_folder), "labels.jsonl", *options])
    with pytest.raises(SystemExit) as ended:
        main()
    printed = capsys.readouterr()
    assert not ended.value.code, printed.err
    found = json.loads((tmp_path / "f.json").read_text(encoding="utf-8"))
    model, baseline = found.values()
    assert list(found)[1] == f"frozen {encoder.name}"
    assert baseline["lead"]["macro_f1"]["new"] == pytest.approx(model["macro_f1"])
    assert f"({model['overall']['macro_f1']['low']:.2f}–" in printed.out
    assert f"frozen {encoder.name}" in Page((tmp_path / "r.html").read_text(encoding="utf-8")).seen
    assert f"{model['macro_f1']:.3f}" in (tmp_path / "card.md").read_text(encoding="utf-8")

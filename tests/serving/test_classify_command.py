"""`recontact classify`: what an analyst's file becomes, and what is said of a file that cannot be read."""

import io
import json
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from recontact import CauseClassifier
from recontact_data.taxonomy import load_taxonomy
from recontact_serving.cli.main import main

ADDED = ["cause", "causes", "confidence", "language", "needs_review", "model_version"]
ADDED += [f"prob_{cause}" for cause in load_taxonomy().ids]
COMMENTS = [
    "they never called back; and the boiler is old",
    "friendly and quick!!",
    "",
    "køen var for lang på en lørdag",
]
BEFORE = b"an older result"


@dataclass
class Outcome:
    """How a run of the command ended."""

    code: int
    out: bytes
    err: str


Command = Callable[..., Outcome]


@pytest.fixture
def classify(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, model_folder: Path) -> Command:
    """Runs `recontact classify … --model toy` in an empty folder, as a shell does but in this process."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments: object, stdin: bytes = b"") -> Outcome:
        out, err = io.TextIOWrapper(io.BytesIO()), io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True)
        argv = ["recontact", "classify", "--model", str(model_folder), *map(str, arguments)]
        with monkeypatch.context() as shell:
            shell.setattr(sys, "argv", argv)
            shell.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
            shell.setattr(sys, "stdout", out)
            shell.setattr(sys, "stderr", err)
            try:
                main()
                code = 0
            except SystemExit as ended:
                code = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
        out.flush()
        return Outcome(code, out.buffer.getvalue(), err.buffer.getvalue().decode())  # type: ignore[attr-defined]

    return run


def csv_bytes(delimiter: str = ";", encoding: str = "cp1252") -> bytes:
    lines = [["id", "comment", "day"]]
    lines += [[str(n), f'"{comment}"', f"2026-0{n}-01"] for n, comment in enumerate(COMMENTS, 1)]
    return "".join(delimiter.join(cells) + "\r\n" for cells in lines).encode(encoding)


def read_csv(path: Path, delimiter: str) -> pl.DataFrame:
    return pl.read_csv(path, separator=delimiter, infer_schema=False)


def check_answers(table: pl.DataFrame, classifier: CauseClassifier) -> None:
    """The columns of the toy survey, then the added ones, with what the model says of each comment."""
    assert table.columns == ["id", "comment", "day", *ADDED]
    assert [int(value) for value in table["id"]] == [1, 2, 3, 4]
    assert [value or "" for value in table["comment"]] == COMMENTS
    answers = classifier.classify(COMMENTS)
    assert table["cause"].to_list() == [answer.cause for answer in answers]
    assert table["language"].to_list() == [answer.language for answer in answers]
    assert set(table["model_version"]) == {classifier.model_version}
    confidence = [float(value) for value in table["confidence"]]
    assert confidence == pytest.approx([answer.confidence for answer in answers], abs=1e-4)
    for cause in classifier.taxonomy.ids:
        found = [float(value) for value in table[f"prob_{cause}"]]
        assert found == pytest.approx([answer.probabilities[cause] for answer in answers], abs=1e-4)


@pytest.mark.parametrize(("name", "delimiter", "encoding"), [("a.csv", ";", "cp1252"), ("a.tsv", "\t", "utf-8")])
def test_csv_and_tsv_keep_every_row_and_column_in_order(
    classify: Command, classifier: CauseClassifier, name: str, delimiter: str, encoding: str
) -> None:
    Path(name).write_bytes(csv_bytes(delimiter, encoding))
    ended = classify(name, "-o", f"out{name}")
    assert ended.code == 0, ended.err
    table = read_csv(Path(f"out{name}"), delimiter)
    check_answers(table, classifier)
    assert table["day"].to_list() == ["2026-01-01", "2026-02-01", "2026-03-01", "2026-04-01"]
    assert set(table["needs_review"]) <= {"true", "false"}
    assert (table["causes"][0] or "") == ";".join(classifier.classify(COMMENTS)[0].causes)


def test_evidence_adds_the_words_that_state_each_cause(classify: Command, classifier: CauseClassifier) -> None:
    Path("a.csv").write_bytes(csv_bytes())
    ended = classify("a.csv", "-o", "b.jsonl", "--evidence")
    assert ended.code == 0, ended.err
    rows = [json.loads(line) for line in Path("b.jsonl").read_text(encoding="utf-8").splitlines()]
    answers = classifier.classify(COMMENTS)
    assert any(answer.causes for answer in answers)
    for row, comment, answer in zip(rows, COMMENTS, answers, strict=True):
        for cause in classifier.taxonomy.ids:
            words = row[f"evidence_{cause}"]
            assert bool(words) == (cause in answer.causes)
            assert words in comment
    assert list(rows[0])[-len(classifier.taxonomy) :] == [f"evidence_{cause}" for cause in classifier.taxonomy.ids]


PERSONAL = ["ring 912 34 567 eller a@example.no, mail b@example.no", "they never called back", ""]
MASKED = ["ring [phone] eller [email], mail [email]", "they never called back", ""]


def test_redact_leaves_values_as_they_are_that_hold_nothing_personal(classify: Command) -> None:
    Path("a.jsonl").write_text('{"comment": 5}\n{"comment": "fine"}\n', encoding="utf-8")
    assert classify("a.jsonl", "-o", "b.jsonl", "--redact").code == 0
    rows = [json.loads(line) for line in Path("b.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [row["comment"] for row in rows] == [5, "fine"]


def test_redact_masks_the_comments_and_leaves_other_columns(classify: Command, classifier: CauseClassifier) -> None:
    rows = [{"comment": comment, "contact": "kari@example.no"} for comment in PERSONAL]
    Path("a.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    ended = classify("a.jsonl", "-o", "b.jsonl", "--redact", "--evidence")
    assert ended.code == 0, ended.err
    assert "1 comment had personal data, now masked (phone 1, email 1)" in ended.err
    written = [json.loads(line) for line in Path("b.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [row["comment"] for row in written] == MASKED
    assert {row["contact"] for row in written} == {"kari@example.no"}
    for row, answer in zip(written, classifier.classify(MASKED), strict=True):
        assert row["cause"] == answer.cause
        assert row["confidence"] == pytest.approx(answer.confidence, abs=1e-4)
        for found in answer.evidence:
            assert row["comment"][found.start : found.end] in row[f"evidence_{found.cause}"]


@pytest.mark.parametrize("format", ["parquet", "xlsx", "csv"])
def test_redact_masks_comments_that_are_numbers(classify: Command, format: str) -> None:
    table = pl.DataFrame({"id": ["a", "b", "c"], "comment": [10190124801, 15068534531, 3]})
    table.write_parquet("a.parquet")
    ended = classify("a.parquet", "-o", f"b.{format}", "--redact", "--text-column", "comment")
    assert ended.code == 0, ended.err
    read = {"parquet": pl.read_parquet, "xlsx": pl.read_excel, "csv": pl.read_csv}[format]
    assert [str(cell) for cell in read(f"b.{format}")["comment"]] == ["10190124801", "[id]", "3"]


def test_without_redact_nothing_is_masked(classify: Command) -> None:
    Path("a.jsonl").write_text(json.dumps({"comment": PERSONAL[0]}) + "\n", encoding="utf-8")
    assert "masked" not in classify("a.jsonl", "-o", "b.jsonl").err
    assert json.loads(Path("b.jsonl").read_text(encoding="utf-8"))["comment"] == PERSONAL[0]


def test_xlsx_keeps_every_row_and_column_in_order(classify: Command, classifier: CauseClassifier) -> None:
    table = pl.DataFrame({"id": [1, 2, 3, 4], "comment": COMMENTS, "day": ["mon", "tue", "wed", "thu"]})
    table.write_excel("a.xlsx")
    ended = classify("a.xlsx", "-o", "b.xlsx")
    assert ended.code == 0, ended.err
    written = pl.read_excel("b.xlsx", engine="calamine")
    check_answers(written, classifier)
    assert written["day"].to_list() == table["day"].to_list()


def test_parquet_keeps_rows_columns_and_types_and_gets_causes_as_a_list(
    classify: Command, classifier: CauseClassifier
) -> None:
    days = pl.Series("day", ["2026-01-01", None, "2026-03-01", "2026-04-01"]).str.to_date()
    table = pl.DataFrame({"id": [1, 2, 3, 4], "comment": COMMENTS, "day": days})
    table.write_parquet("a.parquet")
    assert classify("a.parquet", "-o", "b.parquet").code == 0
    written = pl.read_parquet("b.parquet")
    check_answers(written, classifier)
    assert written.select("id", "comment", "day").equals(table)
    assert written["causes"].to_list() == [list(answer.causes) for answer in classifier.classify(COMMENTS)]
    assert written.schema["needs_review"] == pl.Boolean


def test_jsonl_keeps_each_rows_own_keys_and_values(classify: Command, classifier: CauseClassifier) -> None:
    rows: list[dict[str, Any]] = [
        {"id": "a", "text": COMMENTS[0], "tags": ["x", {"y": None}]},
        {"text": COMMENTS[1], "score": 1.5},
    ]
    Path("a.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    assert classify("a.jsonl", "-o", "b.jsonl").code == 0
    written = [json.loads(line) for line in Path("b.jsonl").read_text(encoding="utf-8").splitlines()]
    for before, after, answer in zip(rows, written, classifier.classify(COMMENTS[:2]), strict=True):
        assert list(after) == [*before, *ADDED]
        assert {key: after[key] for key in before} == before
        assert (after["cause"], after["causes"]) == (answer.cause, list(answer.causes))
        assert after["needs_review"] is answer.needs_review


def test_a_pipe_gets_the_rows_on_standard_output_and_the_summary_on_standard_error(classify: Command) -> None:
    rows = [{"id": n, "text": text} for n, text in enumerate(COMMENTS)]
    ended = classify("-", stdin="".join(json.dumps(row) + "\n" for row in rows).encode())
    assert ended.code == 0, ended.err
    written = [json.loads(line) for line in ended.out.decode().splitlines()]
    assert [row["id"] for row in written] == [0, 1, 2, 3]
    assert list(written[0]) == ["id", "text", *ADDED]
    assert "standard output" in ended.err


def test_a_real_pipe_works_from_a_shell(model_folder: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "recontact_serving.cli.main", "classify", "-", "--model", str(model_folder)],
        input=b"id,text\n1,they never called back\n", capture_output=True, check=False,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr
    header, row = ended.stdout.decode().splitlines()
    assert header.split(",") == ["id", "text", *ADDED]
    assert row.startswith("1,they never called back,")


def test_another_format_may_be_written_than_was_read(classify: Command, classifier: CauseClassifier) -> None:
    Path("a.csv").write_bytes(csv_bytes())
    assert classify("a.csv", "-o", "b.parquet").code == 0
    check_answers(pl.read_parquet("b.parquet"), classifier)


def test_more_rows_than_one_chunk_stay_in_order(classify: Command) -> None:
    numbers = list(range(300))
    Path("a.csv").write_text("id,text\n" + "".join(f"{n},call {n} was quick\n" for n in numbers), encoding="utf-8")
    assert classify("a.csv", "-o", "b.csv").code == 0
    table = read_csv(Path("b.csv"), ",")
    assert table["id"].to_list() == [str(n) for n in numbers]
    assert table["text"].to_list() == [f"call {n} was quick" for n in numbers]


def test_the_summary_gives_each_cause_its_number_and_share(classify: Command, classifier: CauseClassifier) -> None:
    Path("a.csv").write_bytes(csv_bytes())
    ended = classify("a.csv", "-o", "b.csv")
    assert ended.out == b""
    assert "4 comments" in ended.err
    counts = [
        sum(cause in answer.causes for answer in classifier.classify(COMMENTS)) for cause in classifier.rule.causes
    ]
    for cause, count in zip(classifier.taxonomy, counts, strict=True):
        assert re.search(rf"{re.escape(cause.name['en'][:12])}.*\b{count}\b.*{count / 4:.1%}", ended.err)
    assert "need review" in ended.err
    assert "b.csv" in ended.err


def test_the_summary_names_a_file_as_it_is(classify: Command) -> None:
    name = f"survey [old] {'x' * 90}.csv"
    Path("a.csv").write_bytes(csv_bytes())
    ended = classify("a.csv", "-o", name)
    assert f"written to {name}\n" in ended.err


def test_the_default_output_lies_in_the_working_folder_beside_no_other(classify: Command) -> None:
    Path("surveys").mkdir()
    Path("surveys/june.csv").write_bytes(csv_bytes())
    assert classify("surveys/june.csv").code == 0
    assert read_csv(Path("june.causes.csv"), ";").height == 4
    assert [path.name for path in Path("surveys").iterdir()] == ["june.csv"]


def test_the_default_output_does_not_replace_a_file(classify: Command) -> None:
    Path("june.csv").write_bytes(csv_bytes())
    Path("june.causes.csv").write_bytes(BEFORE)
    ended = classify("june.csv")
    assert ended.code == 2
    assert "june.causes.csv is already here" in " ".join(ended.err.split())
    assert Path("june.causes.csv").read_bytes() == BEFORE


def test_the_input_is_never_overwritten(classify: Command) -> None:
    Path("a.csv").write_bytes(csv_bytes())
    failed(classify("a.csv", "-o", "a.csv"), "is the input itself")
    assert Path("a.csv").read_bytes() == csv_bytes()


@pytest.mark.parametrize("column", ["cause", "confidence", "prob_long_wait"])
def test_a_column_named_like_an_added_one_is_refused_with_a_new_name(classify: Command, column: str) -> None:
    Path("a.csv").write_text(f"text,{column}\nhello there,1\n", encoding="utf-8")
    failed(classify("a.csv", "-o", "b.csv"), "rename", f"input_{column}")
    assert not Path("b.csv").exists()


def failed(ended: Outcome, *words: str) -> None:
    """One line on standard error, in the product's name and with the words given; nothing on standard output."""
    assert ended.code == 1, ended.err
    assert ended.out == b""
    assert ended.err.startswith("recontact: ")
    assert ended.err.endswith("\n")
    assert ended.err.count("\n") == 1
    for word in words:
        assert word in ended.err


def bad_xlsx() -> bytes:
    whole = io.BytesIO()
    pl.DataFrame({"text": COMMENTS}).write_excel(whole)
    return whole.getvalue()[:-200]


BAD_FILES: dict[str, tuple[str, bytes, str]] = {
    "empty": ("a.csv", b"", "empty"),
    "header only": ("a.csv", b"id;text\r\n", "no rows"),
    "a megabyte in one cell": ("a.csv", b"id,text\n1," + b"word " * 200_000 + b"\n", "500,000 characters"),
    "a megabyte in one JSONL text": ("a.jsonl", b'{"text": "' + b"word " * 200_000 + b'"}\n', "500,000 characters"),
    "NUL bytes in a row": ("a.csv", b"id,text\n1,hel\0lo\n", "NUL"),
    "NUL bytes in the header": ("a.csv", b"id,te\0xt\n1,hello\n", "NUL"),
    "a truncated XLSX": ("a.xlsx", bad_xlsx(), "damaged or cut short"),
    "no XLSX at all": ("a.xlsx", b"id,text\n1,hello\n", "no XLSX"),
    "a truncated Parquet": ("a.parquet", b"PAR1 and then nothing", "no whole Parquet"),
    "broken JSONL": ("a.jsonl", b'{"text": "fine"}\n{"text": \n', "line 2"),
    "a row with a field too many": ("a.csv", b"id,text\n1,fine\n2,one,two\n", "line 3"),
    "no obvious text column": ("a.csv", b"id,score\n1,2\n3,4\n", "--text-column"),
    "an unknown suffix": ("a.docx", b"PK\x03\x04", "unknown suffix"),
    "XLSX named CSV": ("a.csv", b"PK\x03\x04 and more", "looks like xlsx"),
}


@pytest.mark.parametrize("case", BAD_FILES)
def test_a_bad_file_fails_in_one_line_and_leaves_the_output_as_it_was(classify: Command, case: str) -> None:
    name, content, word = BAD_FILES[case]
    Path(name).write_bytes(content)
    Path("out.csv").write_bytes(BEFORE)
    failed(classify(name, "-o", "out.csv"), word)
    assert sorted(path.name for path in Path().iterdir()) == sorted([name, "out.csv"])
    assert Path("out.csv").read_bytes() == BEFORE


def test_a_row_broken_far_down_leaves_the_output_as_it_was(classify: Command) -> None:
    Path("a.csv").write_text("id,text\n" + "1,fine\n" * 400 + "2,one,two\n", encoding="utf-8")
    Path("out.csv").write_bytes(BEFORE)
    failed(classify("a.csv", "-o", "out.csv"), "line 402", "--skip-bad-rows")
    assert sorted(path.name for path in Path().iterdir()) == ["a.csv", "out.csv"]
    assert Path("out.csv").read_bytes() == BEFORE


def test_the_wrong_encoding_is_named_with_the_line_and_byte(classify: Command) -> None:
    Path("a.csv").write_bytes(csv_bytes(encoding="cp1252"))
    failed(classify("a.csv", "--encoding", "utf-8", "-o", "b.csv"), "line 5", "0xF8", "--encoding")


def test_an_unknown_encoding_is_answered_with_known_ones(classify: Command) -> None:
    Path("a.csv").write_bytes(csv_bytes())
    failed(classify("a.csv", "--encoding", "klingon", "-o", "b.csv"), "klingon", "cp1252")


def test_a_text_column_that_is_not_there_is_answered_with_the_columns(classify: Command) -> None:
    Path("a.csv").write_bytes(csv_bytes())
    failed(classify("a.csv", "--text-column", "remark", "-o", "b.csv"), "no column 'remark'", "'comment'")


@pytest.mark.parametrize(
    ("source", "words"), [("nowhere.csv", "no file at nowhere.csv"), (".", "is a folder"), ("", "is a folder")]
)
def test_a_missing_file_or_a_folder_as_input_is_refused(classify: Command, source: str, words: str) -> None:
    failed(classify(source, "-o", "b.csv"), words)


@pytest.mark.parametrize(
    ("target", "words"),
    [(".", "is a folder"), ("nowhere/b.csv", "no folder"), ("b.docx", "unknown suffix"), ("b", "unknown suffix")],
)
def test_an_output_that_cannot_be_written_is_refused(classify: Command, target: str, words: str) -> None:
    Path("a.csv").write_bytes(csv_bytes())
    failed(classify("a.csv", "-o", target), words)
    assert [path.name for path in Path().iterdir()] == ["a.csv"]


def test_empty_standard_input_is_refused(classify: Command) -> None:
    failed(classify("-"), "standard input is empty")


def test_a_model_that_is_not_there_is_refused(classify: Command) -> None:
    Path("a.csv").write_bytes(csv_bytes())
    # The fixture names the toy model too; of two options the last one counts.
    failed(classify("a.csv", "-o", "b.csv", "--model", "nowhere"), "no model folder at nowhere")
    assert not Path("b.csv").exists()


def test_wrong_use_ends_with_two_and_no_traceback(classify: Command) -> None:
    ended = classify("a.csv", "--no-such-option")
    assert ended.code == 2
    assert "Traceback" not in ended.err
    assert "no-such-option" in ended.err


def test_broken_rows_can_be_set_aside_in_a_file_that_is_named(classify: Command) -> None:
    Path("a.csv").write_text("id,text\n1,fine\n2,one,two\n3,good\n4\n", encoding="utf-8")
    ended = classify("a.csv", "-o", "b.csv", "--skip-bad-rows")
    assert ended.code == 0, ended.err
    assert "2 broken rows set aside in b.bad-rows.csv" in ended.err
    assert Path("b.bad-rows.csv").read_text(encoding="utf-8") == "2,one,two\n4\n"
    assert read_csv(Path("b.csv"), ",")["id"].to_list() == ["1", "3"]

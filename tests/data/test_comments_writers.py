"""Writing: formats, the formula guard, limits, and files that appear whole or not at all."""

import datetime as dt
import io
import json
import os
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import polars as pl
import pytest

from recontact_data.comments import Row, check_target, open_comments, open_writer
from recontact_data.errors import CommentFileError

SUFFIXES = [".csv", ".tsv", ".xlsx", ".parquet", ".jsonl"]


def written(path: Path, rows: Iterable[Row], columns: list[str] | None = None, **options: Any) -> Path:
    with open_writer(path, columns or list(next(iter(rows))), **options) as writer:
        writer.write(rows)
    return path


def test_csv_takes_over_the_inputs_delimiter_and_mark(tmp_path: Path) -> None:
    source = tmp_path / "in.csv"
    for content, expected in [
        (b"id;text\n1;hei\n", b"id;text\n1;hei\n"),
        (b"\xef\xbb\xbfid\ttext\n1\thei\n", b"\xef\xbb\xbfid\ttext\n1\thei\n"),
        ("id;text\n1;på\n".encode("cp1252"), "\ufeffid;text\n1;på\n".encode()),
    ]:
        source.write_bytes(content)
        with open_comments(source) as reader, open_writer(tmp_path / "out.csv", reader.columns, like=reader) as writer:
            for chunk in reader:
                writer.write(chunk)
        assert (tmp_path / "out.csv").read_bytes() == expected


def test_lists_are_joined_in_flat_files_and_kept_in_others(tmp_path: Path) -> None:
    rows = [{"text": "a", "causes": ["x", "y"]}, {"text": "b", "causes": []}]
    assert written(tmp_path / "o.csv", rows).read_text() == "text,causes\na,x;y\nb,\n"
    assert pl.read_excel(written(tmp_path / "o.xlsx", rows))["causes"].to_list() == ["x;y", None]
    assert pl.read_parquet(written(tmp_path / "o.parquet", rows)).to_dicts() == rows
    lines = written(tmp_path / "o.jsonl", rows).read_text().splitlines()
    assert [json.loads(line) for line in lines] == rows


@pytest.mark.parametrize("cell", ["=1+1", "+cmd|x", "-2+3", "@SUM(A1)", "\tx", "\rx", "-", "- bra service"])
def test_cells_that_a_spreadsheet_would_run_get_an_apostrophe(tmp_path: Path, cell: str) -> None:
    for name in ("o.csv", "o.tsv"):
        with open_comments(written(tmp_path / name, [{"text": cell, cell: "a"}])) as reader:
            assert reader.columns == ["text", "'" + cell]
            assert next(iter(reader))[0]["text"] == "'" + cell


@pytest.mark.parametrize("cell", ["-1", "+47", "-1.5", "-1,5", "+1.5e-3", "-.5", "a=1"])
def test_plain_numbers_and_other_texts_stay_as_they_are(tmp_path: Path, cell: str) -> None:
    with open_comments(written(tmp_path / "o.csv", [{"text": cell}])) as reader:
        assert next(iter(reader)) == [{"text": cell}]


def test_xlsx_and_data_formats_need_no_guard(tmp_path: Path) -> None:
    rows = [{"text": "=1+1", "b": "http://example.com"}, {"text": "@x", "b": "0012"}]
    for suffix in (".xlsx", ".parquet", ".jsonl"):
        with open_comments(written(tmp_path / f"o{suffix}", rows)) as reader:
            assert next(iter(reader)) == rows


def test_values_have_one_plain_form_in_csv(tmp_path: Path) -> None:
    moment = dt.datetime(2024, 5, 17, 12, 30)
    row = {
        "a": None,
        "b": float("nan"),
        "c": True,
        "d": 0.5,
        "h": float("-inf"),
        "e": moment,
        "f": moment.date(),
        "g": {"k": [1]},
    }
    assert written(tmp_path / "o.csv", [row]).read_text().splitlines()[1] == (
        ',,true,0.5,\'-inf,2024-05-17 12:30:00,2024-05-17,"{""k"": [1]}"'
    )


def test_jsonl_has_no_mark_and_no_nan(tmp_path: Path) -> None:
    row = {"text": "på", "p": float("nan"), "day": dt.date(2024, 1, 2)}
    assert (
        written(tmp_path / "o.jsonl", [row]).read_bytes() == '{"text": "på", "p": null, "day": "2024-01-02"}\n'.encode()
    )


def test_xlsx_limits_are_errors_with_the_cure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "o.xlsx"
    written(path, [{"text": "x" * 32_767}, {"text": "😀" * 16_383}])
    for text in ("x" * 32_768, "😀" * 16_384):
        with pytest.raises(CommentFileError, match=r"row 2, column 'text': XLSX holds 32,767.*write \.csv"):
            written(tmp_path / "p.xlsx", [{"text": text}])
    monkeypatch.setattr("recontact_data.table_writers.MAX_ROWS", 3)
    with pytest.raises(CommentFileError, match=r"rows; write \.csv or \.parquet"):
        written(tmp_path / "p.xlsx", [{"text": "a"}] * 3)
    with pytest.raises(CommentFileError, match="16,384 columns"):
        written(tmp_path / "p.xlsx", [{}], columns=[f"c{i}" for i in range(16_385)])
    assert list(tmp_path.iterdir()) == [path]


def test_xlsx_keeps_types_and_what_excel_cannot_hold_as_text(tmp_path: Path) -> None:
    row = {
        "text": "hei du",
        "n": 7,
        "f": 0.25,
        "b": False,
        "m": dt.datetime(2024, 1, 2, 3, 4, 5),
        "d": dt.date(2024, 1, 2),
        "big": 2**60,
        "old": dt.date(1850, 1, 1),
        "inf": float("inf"),
    }
    with open_comments(written(tmp_path / "o.xlsx", [row]), text_column="text") as reader:
        assert next(iter(reader)) == [row | {"big": str(2**60), "old": "1850-01-01", "inf": "inf"}]


def test_parquet_keeps_the_inputs_types_and_finds_those_of_new_columns(tmp_path: Path) -> None:
    schema = {"text": pl.Categorical(), "n": pl.UInt8(), "at": pl.Datetime("ms", "Europe/Oslo")}
    source = tmp_path / "in.parquet"
    pl.DataFrame({"text": ["a", "b"], "n": [1, None], "at": [None, None]}, schema=schema).write_parquet(source)
    with (
        open_comments(source) as reader,
        open_writer(tmp_path / "o.parquet", [*reader.columns, "p", "l"], like=reader) as writer,
    ):
        for chunk in reader:
            writer.write([row | {"p": 0.5, "l": ["x"]} for row in chunk])
    assert pl.read_parquet_schema(tmp_path / "o.parquet") == pl.Schema(
        schema | {"p": pl.Float64(), "l": pl.List(pl.String)}
    )


def test_parquet_parts_are_joined_whatever_each_holds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("recontact_data.table_writers.PART_ROWS", 1)
    rows: list[Row] = [
        {"a": None, "b": 1, "c": [], "d": {"x": 1}, "e": None},
        {"a": "t", "b": 2.5, "c": ["z"], "d": {"y": "w"}, "e": None},
        {"a": None, "b": None, "c": None, "d": None, "e": None},
    ]
    frame = pl.read_parquet(written(tmp_path / "o.parquet", rows))
    assert frame["b"].to_list() == [1.0, 2.5, None]
    assert frame["c"].to_list() == [[], ["z"], None]
    assert frame["d"].to_list() == [{"x": 1, "y": None}, {"x": None, "y": "w"}, None]
    assert frame["e"].dtype == pl.String


@pytest.mark.parametrize("part_rows", [1, 100])
def test_a_column_of_numbers_and_texts_is_no_parquet_column(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, part_rows: int
) -> None:
    monkeypatch.setattr("recontact_data.table_writers.PART_ROWS", part_rows)
    with pytest.raises(CommentFileError, match=r"column 'a' does not fit one Parquet type.*write \.jsonl"):
        written(tmp_path / "o.parquet", [{"a": 1}, {"a": "x"}])
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_no_rows_still_make_a_file_with_its_columns(tmp_path: Path, suffix: str) -> None:
    path = written(tmp_path / f"o{suffix}", [], columns=["text", "n"])
    assert path.stat().st_size > 0 or suffix == ".jsonl"


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_an_error_half_way_leaves_the_old_file_and_nothing_else(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"o{suffix}"
    path.write_bytes(b"old")

    def interrupted() -> Iterator[Row]:
        yield {"text": "a"}
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        written(path, interrupted(), columns=["text"])
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_the_target_appears_only_at_the_end(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"o{suffix}"
    with open_writer(path, ["text"]) as writer:
        writer.write([{"text": "a"}])
        assert not path.exists()
    assert list(tmp_path.iterdir()) == [path]


def test_a_replaced_file_keeps_its_permissions_and_a_link_stays_a_link(tmp_path: Path) -> None:
    real, link = tmp_path / "real.csv", tmp_path / "link.csv"
    real.write_text("old")
    real.chmod(0o640)
    link.symlink_to(real)
    written(link, [{"text": "a"}])
    assert link.is_symlink()
    assert real.stat().st_mode & 0o777 == 0o640
    assert real.read_text() == "text\na\n"


def test_a_target_that_cannot_be_written_is_named_before_any_work(tmp_path: Path) -> None:
    for target, said in [
        (tmp_path / "none" / "o.csv", "no folder .*none to write o.csv in; make it first"),
        (tmp_path, "is a folder"),
        (tmp_path / "o.doc", "unknown suffix '.doc'"),
        (Path("/dev/null"), "not a plain file"),
    ]:
        with pytest.raises(CommentFileError, match=said):
            open_writer(target, ["text"])
    with pytest.raises(CommentFileError, match="unknown format 'xml'"):
        open_writer(tmp_path / "o.csv", ["text"], format="xml")


def test_the_input_is_never_the_output(tmp_path: Path) -> None:
    path = tmp_path / "in.csv"
    path.write_text("text\na\n")
    (tmp_path / "link.csv").symlink_to(path)
    os.link(path, tmp_path / "hard.csv")
    for target in (path, tmp_path / "link.csv", tmp_path / "hard.csv"):
        with pytest.raises(CommentFileError, match="is the input itself; write to another file"):
            check_target(path, target)
    check_target(path, tmp_path / "other.csv")
    check_target("-", "-")


def test_a_full_disk_is_an_error_in_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_self: object, _line: str) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("recontact_data.writers.TextWriter._line", full)
    with pytest.raises(CommentFileError, match="No space left"):
        written(tmp_path / "o.csv", [{"text": "a"}])
    assert list(tmp_path.iterdir()) == []


def test_a_value_that_a_format_cannot_hold_is_an_error(tmp_path: Path) -> None:
    cases: list[tuple[str, Row, str]] = [
        ("o.csv", {"text": "a\0b"}, "NUL"),
        ("o.csv", {"text": "\ud83d"}, "half of a character"),
        ("o.jsonl", {"text": b"x"}, "type bytes"),
        ("o.csv", {"text": "a", "more": 1}, "'more', which is no column"),
    ]
    for name, row, said in cases:
        with pytest.raises(CommentFileError, match=said):
            written(tmp_path / name, [row], columns=["text"])
    with pytest.raises(CommentFileError, match="NUL"):
        written(tmp_path / "o.csv", [], columns=["te\0xt"])
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("format", [None, "csv", "tsv", "jsonl", "xlsx", "parquet"])
def test_standard_output_gets_the_whole_file(monkeypatch: pytest.MonkeyPatch, format: str | None) -> None:
    out = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", SimpleNamespace(buffer=out))
    with open_writer("-", ["text", "l"], format=format) as writer:
        writer.write([{"text": "på", "l": ["a", "b"]}])
    starts = {None: b"text,l\np", "csv": b"text,l\np", "tsv": b"text\tl\np", "jsonl": b'{"text"'}
    assert out.getvalue().startswith(starts.get(format) or (b"PK" if format == "xlsx" else b"PAR1"))


def test_standard_output_takes_the_format_of_a_text_input(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", SimpleNamespace(buffer=out))
    (tmp_path / "in.jsonl").write_text('{"text": "a"}\n')
    with open_comments(tmp_path / "in.jsonl") as reader, open_writer("-", reader.columns, like=reader) as writer:
        writer.write(next(iter(reader)))
    assert out.getvalue() == b'{"text": "a"}\n'

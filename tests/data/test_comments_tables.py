"""JSONL, XLSX and Parquet: what is read, and what is refused."""

import datetime as dt
import zipfile
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import xlsxwriter  # type: ignore[import-untyped]

from recontact_data.comments import Row, open_comments
from recontact_data.errors import ColumnError, CommentFileError
from recontact_data.table_readers import refuse_bad_archive


def read(path: Path, **options: Any) -> list[Row]:
    with open_comments(path, **options) as reader:
        return [row for chunk in reader for row in chunk]


def jsonl(folder: Path, *lines: str) -> Path:
    path = folder / "in.jsonl"
    path.write_text("".join(line + "\n" for line in lines), encoding="utf-8")
    return path


def xlsx(folder: Path, cells: list[list[Any]], first_row: int = 0) -> Path:
    path = folder / "in.xlsx"
    with xlsxwriter.Workbook(str(path), {"default_date_format": "yyyy-mm-dd hh:mm"}) as book:
        sheet = book.add_worksheet()
        for number, row in enumerate(cells, first_row):
            sheet.write_row(number, 0, row)
        book.add_worksheet("second").write(0, 0, "not read")
    return path


def test_jsonl_rows_keep_their_own_keys_and_nested_values(tmp_path: Path) -> None:
    path = jsonl(tmp_path, '{"text": "a", "tags": [1, {"b": null}]}', "", '{"id": 7, "text": null}')
    reader = open_comments(path)
    assert reader.columns == ["text", "tags", "id"]
    assert read(path) == [{"text": "a", "tags": [1, {"b": None}]}, {"id": 7, "text": None}]


def test_a_reserved_key_late_in_jsonl_is_found_before_any_work(tmp_path: Path) -> None:
    path = jsonl(tmp_path, *['{"text": "a"}'] * 500, '{"text": "b", "cause": 1}')
    with pytest.raises(ColumnError, match="'cause'"):
        open_comments(path, reserved=["cause"])


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('{"text": "a"', "not valid JSON"),
        ('["a"]', "a list where a JSON object is due"),
        ("3", "a number where"),
        ('{"other": 1}', "no 'text'"),
        ('{"text": ["a"]}', "'text' must be text, not a list"),
        ('{"text": true}', "'text' must be text, not true or false"),
        ('{"text": "a", "text": "b"}', "'text' comes twice"),
        ('{"text": "a", "n": NaN}', "NaN is no JSON value"),
        ('{"text": "\\ud83d"}', "half of a character"),
        ('{"text": "a\0b"}', "not valid JSON"),
        ("[" * 100_000, "nested too deeply"),
        (f'{{"text": "{"x" * 500_001}"}}', "500,000 characters"),
    ],
)
def test_a_broken_jsonl_line_is_an_error_or_set_aside(tmp_path: Path, line: str, said: str) -> None:
    path = jsonl(tmp_path, '{"text": "fine"}', line, '{"text": 5}')
    with pytest.raises(CommentFileError, match=f"line 2: .*{said}.*--skip-bad-rows") as caught:
        read(path, text_column="text")
    assert "\n" not in str(caught.value)
    with open_comments(path, text_column="text", skip_bad_rows=True) as reader:
        assert [row["text"] for chunk in reader for row in chunk] == ["fine", 5]
        assert reader.bad_rows == 1
        assert reader.bad_rows_path is not None
        assert reader.bad_rows_path.read_bytes() == (line + "\n").encode()


@pytest.mark.parametrize(("lines", "said"), [(["", " "], "no rows"), (["x", "y"], "line 1: not valid JSON")])
def test_jsonl_without_a_good_row_is_refused(tmp_path: Path, lines: list[str], said: str) -> None:
    with pytest.raises(CommentFileError, match=said):
        open_comments(jsonl(tmp_path, *lines), skip_bad_rows=True)


def test_xlsx_gives_the_first_sheet_with_its_types(tmp_path: Path) -> None:
    day, moment = dt.date(2024, 5, 17), dt.datetime(2024, 5, 17, 12, 30)
    path = xlsx(
        tmp_path,
        [["id", "text", "day", "moment", "score", "yes", "none"], [1, "=1+1 hei", day, moment, 2.5, True, None]],
    )
    reader = open_comments(path)
    assert (reader.total_rows, reader.dialect, reader.bytes_total) == (1, None, None)
    expected = {"id": 1, "day": day, "moment": moment, "score": 2.5, "yes": True, "none": None}
    assert read(path)[0].items() >= expected.items()


def test_xlsx_with_a_column_of_durations_is_read(tmp_path: Path) -> None:
    path = tmp_path / "in.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet, hours = book.add_worksheet(), book.add_format({"num_format": "[h]:mm:ss"})
        for row, cells in enumerate([["comment", "spent"], ["slow", 0.5], ["", None]]):
            sheet.write_string(row, 0, cells[0])
            if row:
                sheet.write(row, 1, cells[1], hours)
            else:
                sheet.write_string(row, 1, cells[1])
    (row,) = read(path)
    assert row["comment"] == "slow"


def test_xlsx_keeps_empty_rows_between_rows_and_drops_those_at_the_end(tmp_path: Path) -> None:
    path = xlsx(tmp_path, [["id", "text"], [1, "a"], [], [3, "c"], ["", ""], []], first_row=2)
    assert read(path) == [{"id": 1, "text": "a"}, {"id": None, "text": None}, {"id": 3, "text": "c"}]


def test_a_late_text_in_a_column_of_numbers_is_not_lost(tmp_path: Path) -> None:
    path = xlsx(tmp_path, [["n", "text"], *([i, "hei"] for i in range(1500)), ["late", "hei"]])
    assert read(path)[-1]["n"] == "late"


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        ([["text", "text"], ["a", "b"]], "more than one column is named 'text'"),
        ([["text", ""], ["a", "b"]], "column 2 has no name"),
        ([["text", "id"]], "no rows"),
        ([], "first sheet is empty"),
    ],
)
def test_xlsx_without_a_sound_table_is_refused(tmp_path: Path, cells: list[list[Any]], said: str) -> None:
    with pytest.raises(CommentFileError, match=said):
        open_comments(xlsx(tmp_path, cells))


def test_xlsx_that_is_cut_no_zip_or_locked_is_refused_in_one_line(tmp_path: Path) -> None:
    path = xlsx(tmp_path, [["text"], ["hei"]])
    whole = path.read_bytes()
    broken = [whole[: len(whole) // 2], b"text;id\n", b"\xd0\xcf\x11\xe0" + b"\0" * 600, whole.replace(b"PK", b"XX")]
    for content, said in zip(broken, ["damaged", "no XLSX at all", "password", "damaged"], strict=True):
        path.write_bytes(content)
        with pytest.raises(CommentFileError, match=said) as caught:
            open_comments(path)
        assert "\n" not in str(caught.value)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("hello.txt", "no workbook")
    with pytest.raises(CommentFileError, match="cannot be read as XLSX"):
        open_comments(path)


def test_xlsx_that_expands_too_far_is_refused_even_if_it_lies_about_its_size(tmp_path: Path) -> None:
    path = tmp_path / "bomb.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("sheet.xml", b"\0" * 5_000_000)
    refuse_bad_archive(path, "bomb.xlsx", most=5_000_000)
    with pytest.raises(CommentFileError, match=r"expands to over .* GiB"):
        refuse_bad_archive(path, "bomb.xlsx", most=4_999_999)
    lying = path.read_bytes().replace((5_000_000).to_bytes(4, "little"), (10).to_bytes(4, "little"))
    path.write_bytes(lying)
    with pytest.raises(CommentFileError, match="expands to over"):
        refuse_bad_archive(path, "bomb.xlsx", most=4_000_000)


def test_parquet_is_read_in_order_with_its_types(tmp_path: Path) -> None:
    frame = pl.DataFrame(
        {
            "text": [f"hei nummer {i}" for i in range(2500)],
            "tags": [["a", None], []] * 1250,
            "money": [Decimal("1.50"), None] * 1250,
            "meta": [{"k": 1}, None] * 1250,
            "kind": pl.Series(["x", "y"] * 1250, dtype=pl.Categorical),
            "at": [dt.datetime(2024, 1, 1, tzinfo=dt.UTC), None] * 1250,
        }
    )
    path = tmp_path / "in.parquet"
    frame.write_parquet(path, row_group_size=700)
    with open_comments(path, chunk_rows=1000) as reader:
        assert (reader.total_rows, reader.schema) == (2500, frame.schema)
        chunks = list(reader)
    assert [len(chunk) for chunk in chunks] == [1000, 1000, 500]
    assert [row for chunk in chunks for row in chunk] == frame.to_dicts()


@pytest.mark.parametrize("column", [[[1]], [b"x"], [True], [{"a": 1}]])
def test_a_parquet_column_of_no_text_is_refused_as_comments(tmp_path: Path, column: list[object]) -> None:
    path = tmp_path / "in.parquet"
    pl.DataFrame({"text": column}).write_parquet(path)
    with pytest.raises(ColumnError, match="not text; name another with --text-column"):
        open_comments(path)


def test_parquet_that_is_cut_foreign_or_without_rows_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "in.parquet"
    frame = pl.DataFrame({"text": ["hei"] * 500})
    frame.write_parquet(path)
    whole = path.read_bytes()
    for content in (whole[:-20], whole[:40], b"PAR1", b"text\nhei\n"):
        path.write_bytes(content)
        with pytest.raises(CommentFileError, match="no whole Parquet file") as caught:
            open_comments(path)
        assert "\n" not in str(caught.value)
    frame.clear().write_parquet(path)
    with pytest.raises(CommentFileError, match="no rows"):
        open_comments(path)

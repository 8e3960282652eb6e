"""Where a row stands: the line of a text file, the row of a sheet or of a Parquet table."""

from pathlib import Path

import polars as pl
import pytest
import xlsxwriter

from recontact_data.comments import open_comments
from recontact_data.errors import CommentFileError


def places(path: Path, **options: bool) -> list[tuple[int, str]]:
    with open_comments(path, **options) as reader:
        found = [(number, row["text"]) for number, row in reader.numbered_rows()]
        assert [row for chunk in reader for row in chunk] == [row for _, row in reader.numbered_rows()]
    return found


def test_a_csv_row_stands_at_its_first_line(tmp_path: Path) -> None:
    path = tmp_path / "in.csv"
    path.write_bytes(b'\nid,text\r\n1,"a\r\nb"\r\n\r\n2,c\r\n')
    assert places(path) == [(3, "a\r\nb"), (6, "c")]


def test_empty_comments_of_a_csv_of_one_column_stand_at_their_own_lines(tmp_path: Path) -> None:
    path = tmp_path / "in.csv"
    path.write_bytes(b"text\na\n\n\nb\n\n")
    assert places(path) == [(2, "a"), (3, ""), (4, ""), (5, "b")]


def test_rows_after_one_set_aside_keep_their_lines(tmp_path: Path) -> None:
    path = tmp_path / "in.csv"
    path.write_bytes(b"id,text\n1,a\n2,b,c\n3,d\n")
    assert places(path, skip_bad_rows=True) == [(2, "a"), (4, "d")]
    assert (tmp_path / "in.bad-rows.csv").read_bytes() == b"2,b,c\n"
    with open_comments(path) as reader, pytest.raises(CommentFileError, match=r"in\.csv, line 3: 3 fields"):
        list(reader.numbered_rows())


def test_a_jsonl_row_stands_at_its_line(tmp_path: Path) -> None:
    path = tmp_path / "in.jsonl"
    path.write_bytes(b'\n{"text": "a"}\n\n{"text": "b"}\n')
    assert places(path) == [(2, "a"), (4, "b")]


def test_an_xlsx_row_stands_where_excel_shows_it(tmp_path: Path) -> None:
    path = tmp_path / "in.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet()
        for row, text in ((2, "text"), (4, "a"), (5, "b"), (8, "c")):
            sheet.write_row(row, 1, [text, "x"])
    assert [place for place in places(path) if place[1]] == [(5, "a"), (6, "b"), (9, "c")]


@pytest.mark.parametrize("rows", [1, 3000])
def test_a_parquet_row_stands_at_its_number(tmp_path: Path, rows: int) -> None:
    path = tmp_path / "in.parquet"
    pl.DataFrame({"text": [f"row {n}" for n in range(1, rows + 1)]}).write_parquet(path)
    assert places(path) == [(n, f"row {n}") for n in range(1, rows + 1)]

"""CSV and TSV: what is read, and what happens to broken rows."""

import csv
import io
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recontact_data.comments import CommentReader, Row, open_comments
from recontact_data.errors import CommentFileError


def rows_of(reader: CommentReader) -> list[Row]:
    with reader:
        return [row for chunk in reader for row in chunk]


def saved(folder: Path, text: str, name: str = "in.csv") -> Path:
    path = folder / name
    path.write_bytes(text.encode())
    return path


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_the_delimiter_is_found_from_the_header(tmp_path: Path, delimiter: str) -> None:
    path = saved(tmp_path, f'"id, nr; x"{delimiter}text\n1{delimiter}hei du\n')
    reader = open_comments(path)
    assert reader.dialect is not None
    assert reader.dialect.delimiter == delimiter
    assert rows_of(reader) == [{"id, nr; x": "1", "text": "hei du"}]


def test_rows_decide_where_the_header_holds_two_delimiters(tmp_path: Path) -> None:
    path = saved(tmp_path, "id;What was good, and what bad?\n1;all fine, thanks, bye\n2;nothing\n")
    reader = open_comments(path, text_column="What was good, and what bad?")
    assert reader.columns == ["id", "What was good, and what bad?"]


def test_excels_sep_line_is_obeyed(tmp_path: Path) -> None:
    assert rows_of(open_comments(saved(tmp_path, "sep=;\nid;text\n1;a,b\n"))) == [{"id": "1", "text": "a,b"}]


def test_tsv_splits_at_tabs_only(tmp_path: Path) -> None:
    path = saved(tmp_path, "id\ttext, all\n1\ta;b,c\n", "in.tsv")
    assert rows_of(open_comments(path, text_column="text, all")) == [{"id": "1", "text, all": "a;b,c"}]


def test_line_breaks_in_quotes_and_the_order_of_rows_and_columns_are_kept(tmp_path: Path) -> None:
    path = saved(tmp_path, 'b,text,a\r\n1,"first\r\nsecond\nthird",x\r\n2,next,y\r\n')
    rows = rows_of(open_comments(path))
    assert [list(row.items()) for row in rows] == [
        [("b", "1"), ("text", "first\r\nsecond\nthird"), ("a", "x")],
        [("b", "2"), ("text", "next"), ("a", "y")],
    ]


def test_chunks_hold_the_rows_asked_for_and_a_second_pass_starts_over(tmp_path: Path) -> None:
    reader = open_comments(saved(tmp_path, "text\n" + "".join(f"row {i}\n" for i in range(7))), chunk_rows=3)
    assert [len(chunk) for chunk in reader] == [3, 3, 1]
    assert [len(chunk) for chunk in reader] == [3, 3, 1]


def test_a_column_of_unquoted_sentences_is_one_column(tmp_path: Path) -> None:
    path = saved(tmp_path, "kommentar\nHei, jeg ringte; ingen svarte\n\nTakk\n\n")
    assert [r["kommentar"] for r in rows_of(open_comments(path))] == ["Hei, jeg ringte; ingen svarte", "", "Takk"]


def test_progress_counts_bytes_up_to_the_whole_file(tmp_path: Path) -> None:
    path = saved(tmp_path, "text\n" + "hei du\n" * 5000)
    with open_comments(path) as reader:
        assert reader.bytes_read == 0
        assert reader.total_rows is None
        seen = [reader.bytes_read for _ in reader]
    assert seen == sorted(seen)
    assert seen[-1] == reader.bytes_total == path.stat().st_size


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        ("2,x,y", "3 fields where the header has 2"),
        ("2", "1 fields where the header has 2"),
        ('2,"never closed', "never closed"),
        ('2,"said "no" to me"', "a quote inside a quoted text"),
        ("2,a\0b", "NUL"),
        ("2," + "x" * 500_001, "500,000 characters"),
        ('2,"' + "x\n" * 300_000, "500,000 characters"),
    ],
)
def test_a_broken_row_is_an_error_with_file_line_and_cure(tmp_path: Path, broken: str, said: str) -> None:
    path = saved(tmp_path, f'id,text\n1,"two\nlines"\n{broken}\n')
    with pytest.raises(CommentFileError, match=said) as caught:
        rows_of(open_comments(path))
    message = str(caught.value)
    assert f"{path}, line 4: " in message
    assert "--skip-bad-rows" in message
    assert "\n" not in message


def test_a_cell_of_exactly_the_limit_is_read(tmp_path: Path) -> None:
    path = saved(tmp_path, "id,text\n1," + "x" * 500_000 + "\n")
    assert len(rows_of(open_comments(path))[0]["text"]) == 500_000


def test_an_unclosed_quote_costs_its_own_line_only(tmp_path: Path) -> None:
    path = saved(tmp_path, 'id,text\n1,a\n2,"open\n3,c\n4,"with, comma"\n5,"two\nlines"\n6,f\n')
    with open_comments(path, skip_bad_rows=True) as reader:
        assert [row["id"] for chunk in reader for row in chunk] == ["1", "3", "4", "5", "6"]
        assert reader.bad_rows == 1
        assert reader.bad_rows_path == tmp_path / "in.bad-rows.csv"
        assert reader.bad_rows_path.read_bytes() == b'2,"open\n'


def test_broken_rows_go_where_the_caller_says_in_the_files_own_bytes(tmp_path: Path) -> None:
    path = tmp_path / "in.csv"
    path.write_bytes("id;text\r\n1;på tide\r\n2;for;mange;æøå\r\n".encode("cp1252"))
    aside = tmp_path / "out.bad.csv"
    reader = open_comments(path, skip_bad_rows=True, bad_rows_path=aside)
    assert len(rows_of(reader)) == 1
    assert aside.read_bytes() == "2;for;mange;æøå\r\n".encode("cp1252")


def test_without_broken_rows_no_file_is_made(tmp_path: Path) -> None:
    path = saved(tmp_path, "id,text\n1,a\n")
    reader = open_comments(path, skip_bad_rows=True)
    rows_of(reader)
    assert reader.bad_rows_path is None
    assert list(tmp_path.iterdir()) == [path]


def test_a_run_that_stops_half_way_leaves_no_file_of_broken_rows(tmp_path: Path) -> None:
    path = saved(tmp_path, "id,text\n1,a,b\n" + "2,b\n" * 10)
    chunks = iter(open_comments(path, skip_bad_rows=True, chunk_rows=2))
    next(chunks)
    chunks.close()  # type: ignore[attr-defined]
    assert list(tmp_path.iterdir()) == [path]


def test_broken_rows_must_not_overwrite_the_input(tmp_path: Path) -> None:
    path = saved(tmp_path, "id,text\n1,a\n")
    with pytest.raises(CommentFileError, match="is the input itself"):
        open_comments(path, skip_bad_rows=True, bad_rows_path=path)


# A quoted text that begins with a line break closes an open quote before it: such rows cannot be told apart.
GOOD = st.sampled_from(["{},plain", '{},"a, b"', '{},"two\nlines"', '{},"say ""hi"""', '{},"x\r\n"', "{},"])
BAD = st.sampled_from(["{},a,b,c", "{}", '{},"open', '{},"x" y', "{},a\0b"])


@settings(deadline=None, max_examples=150)
@given(lines=st.lists(st.one_of(GOOD.map(lambda s: (True, s)), BAD.map(lambda s: (False, s))), min_size=1, max_size=12))
def test_good_and_broken_rows_are_all_the_rows(
    tmp_path_factory: pytest.TempPathFactory, lines: list[tuple[bool, str]]
) -> None:
    texts = [(good, line.format(number)) for number, (good, line) in enumerate(lines)]
    path = saved(tmp_path_factory.mktemp("rows"), "id,text\n" + "".join(line + "\n" for _, line in texts))
    reader = open_comments(path, skip_bad_rows=True, text_column="text")
    good = rows_of(reader)
    aside = reader.bad_rows_path.read_bytes().decode() if reader.bad_rows_path else ""
    assert len(good) + reader.bad_rows == len(texts)
    assert [row["id"] for row in good] == [line.split(",")[0] for ok, line in texts if ok]
    assert aside == "".join(line + "\n" for ok, line in texts if not ok)


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("in.csv", b"", "empty"),
        ("in.csv", b"\n \n\n", "only blank lines"),
        ("in.csv", b"id,text\n", "no rows"),
        ("in.csv", b"id,text\n\n\n", "no rows"),
        ("in.csv", b"text\n\n\n", "no rows"),
        ("in.csv", b'id,"text\n1,a\n', "header is broken"),
        ("in.csv", b"id,te\0xt\n1,a\n", "NUL byte in the header"),
        ("in.csv", b"PK\x03\x04rest", "looks like xlsx"),
        ("in.doc", b"x", r"unknown suffix '.doc'.*\.csv, \.tsv, \.xlsx, \.parquet, \.jsonl"),
        ("in.csv", b"id,text,text\n1,a,b\n", "more than one column is named 'text'"),
        ("in.csv", b"id,text,\n1,a,\n", "column 3 has no name"),
    ],
)
def test_a_file_that_is_no_table_is_refused_in_one_line(tmp_path: Path, name: str, content: bytes, said: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(CommentFileError, match=said) as caught:
        open_comments(tmp_path / name)
    assert "\n" not in str(caught.value)


def test_missing_files_folders_unreadable_files_and_unknown_formats_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(CommentFileError, match="no file at"):
        open_comments(tmp_path / "none.csv")
    with pytest.raises(CommentFileError, match="is a folder"):
        open_comments(tmp_path)
    path = saved(tmp_path, "text\na\n")
    with pytest.raises(CommentFileError, match="unknown format 'xml'"):
        open_comments(path, format="xml")

    def refuse(*_args: object, **_more: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(CommentFileError, match=r"cannot read .*Permission denied"):
        open_comments(path)


@pytest.mark.parametrize(
    ("content", "format", "expected"),
    [
        (b"id,text\n1,hei\n", None, "csv"),
        (b'\xef\xbb\xbf {"text": "hei"}\n', None, "jsonl"),
        (b"id\ttext\n1\thei\n", "tsv", "tsv"),
    ],
)
def test_standard_input_is_spooled_sniffed_and_cleaned_up(
    monkeypatch: pytest.MonkeyPatch, content: bytes, format: str | None, expected: str
) -> None:
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(content)))
    with open_comments("-", format=format) as reader:
        assert reader.format == expected
        assert [row["text"] for chunk in reader for row in chunk] == ["hei"]
        assert reader.source.path.exists()
    assert not reader.source.path.exists()


def test_the_csv_modules_limit_is_never_lowered() -> None:
    assert csv.field_size_limit() >= 131_072

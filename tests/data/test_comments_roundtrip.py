"""What is written can be read again: any text, in every format."""

import math
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from recontact_data.comments import Row, open_comments, open_writer
from recontact_data.writers import guarded

# NUL is an error in CSV by design; XML has no U+FFFE and U+FFFF, and lone surrogates are no text.
ANY_TEXT = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0\ufffe\uffff"), max_size=20)
TRICKY = st.sampled_from(
    ['"', '""', ",", ";", "\t", "\n", "\r", "\r\n", "😀", " ", "=1+1", "_x0041_", "a\r\n\r\nb", "'"]
)
TEXT = st.one_of(ANY_TEXT, TRICKY, st.tuples(TRICKY, ANY_TEXT).map("".join))
ROWS = st.lists(st.fixed_dictionaries({"id": TEXT, "text": TEXT}), min_size=1, max_size=8)
JSON_VALUE = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)
ONCE = settings(deadline=None, max_examples=120)


def round_trip(path: Path, rows: list[Row], **options: Any) -> list[Row]:
    with open_writer(path, list(dict.fromkeys(key for row in rows for key in row)), **options) as writer:
        writer.write(rows)
    with open_comments(path, text_column="text", chunk_rows=3) as reader:
        return [row for chunk in reader for row in chunk]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("roundtrip")


@ONCE
@given(rows=ROWS, suffix=st.sampled_from([".csv", ".tsv"]))
@example(rows=[{"id": "\r", "text": ""}], suffix=".csv")
def test_csv_gives_back_every_text_but_for_the_documented_guard(folder: Path, rows: list[Row], suffix: str) -> None:
    expected = [{key: guarded(value) for key, value in row.items()} for row in rows]
    assert round_trip(folder / f"o{suffix}", rows) == expected


@ONCE
@given(texts=st.lists(TEXT, min_size=1, max_size=8))
@example(texts=["\x1f"])
def test_csv_of_one_column_gives_back_every_row(folder: Path, texts: list[str]) -> None:
    rows = [{"text": text} for text in texts]
    assert [row["text"] for row in round_trip(folder / "one.csv", rows)] == [guarded(text) for text in texts]


@ONCE
@given(rows=ROWS, encoding=st.sampled_from(["utf-8-sig", "utf-16", "gb18030"]), delimiter=st.sampled_from(",;\t"))
def test_csv_of_other_programs_comes_back_as_it_was(
    folder: Path, rows: list[Row], encoding: str, delimiter: str
) -> None:
    lines = [["id", "text"], *([row["id"], row["text"]] for row in rows)]
    quoted = [delimiter.join('"' + cell.replace('"', '""') + '"' for cell in line) for line in lines]
    path = folder / "foreign.csv"
    path.write_bytes("".join(line + "\r\n" for line in quoted).encode(encoding))
    given_encoding = None if encoding.startswith("utf") else encoding
    with open_comments(path, text_column="text", encoding=given_encoding) as reader:
        assert [row for chunk in reader for row in chunk] == rows


@ONCE
@given(rows=st.lists(st.fixed_dictionaries({"text": TEXT}, optional={"a": JSON_VALUE, "b": JSON_VALUE}), min_size=1))
def test_jsonl_gives_back_every_value(folder: Path, rows: list[Row]) -> None:
    assert round_trip(folder / "o.jsonl", rows) == rows


@settings(deadline=None, max_examples=60)
@given(rows=ROWS)
@example(rows=[{"id": "a\rb", "text": "_x000D_"}])
def test_xlsx_gives_back_every_text_with_empty_ones_as_none(folder: Path, rows: list[Row]) -> None:
    rows = [*rows, {"id": "last", "text": "row"}]
    assert round_trip(folder / "o.xlsx", rows) == [{k: v or None for k, v in row.items()} for row in rows]


@settings(deadline=None, max_examples=60)
@given(
    rows=st.lists(
        st.fixed_dictionaries(
            {
                "text": st.none() | TEXT,
                "n": st.none() | st.integers(-(2**63), 2**63 - 1),
                "p": st.none() | st.floats(),
                "l": st.none() | st.lists(st.none() | TEXT, max_size=3),
                "s": st.none() | st.fixed_dictionaries({"k": st.none() | TEXT, "b": st.none() | st.booleans()}),
            }
        ),
        min_size=1,
        max_size=8,
    )
)
def test_parquet_gives_back_every_value_with_its_type(folder: Path, rows: list[Row]) -> None:
    back = round_trip(folder / "o.parquet", rows)
    for row, again in zip(rows, back, strict=True):
        p, q = row.pop("p"), again.pop("p")
        assert p == q or (math.isnan(p) and math.isnan(q))
    assert back == rows

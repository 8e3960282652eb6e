"""Users' own label files: any format, few columns, and what is said of a row that cannot be learnt from."""

import json
import os
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st

from recontact_data.comments import open_writer
from recontact_data.errors import ColumnError, CommentFileError, LabelError, RecontactError
from recontact_data.label_files import LabelOptions, read_label_files
from recontact_data.labels import LABELLED, LabelledComment, Span, read_labelled, write_labelled
from recontact_data.taxonomy import NONE, load_taxonomy

TEN_ROWS = Path(__file__).resolve().parents[1] / "fixtures" / "labels.csv"
TAXONOMY = load_taxonomy()
SUFFIXES = [".csv", ".tsv", ".xlsx", ".parquet", ".jsonl"]
OWN_CAUSES = """
languages: [en]
none: {name: Fine, description: Nothing to mend.}
causes:
  - {id: slow, main: true, name: Too slow, description: It was slow., action: Hire.}
  - {id: dear, name: "Too dear, really", description: It was dear., action: Explain.}
"""

Row = dict[str, Any]


def read(path: Path, *more: Path, said: list[str] | None = None, **options: Any) -> list[LabelledComment]:
    warnings: list[str] = [] if said is None else said
    return read_label_files([path, *more], TAXONOMY, LabelOptions(**options), warnings.append)


def saved(path: Path, rows: Sequence[Row]) -> Path:
    """Writes rows in the format of the suffix."""
    with open_writer(path, list(dict.fromkeys(key for row in rows for key in row))) as writer:
        writer.write(list(rows))
    return path


def csv(folder: Path, text: str, name: str = "own.csv") -> Path:
    path = folder / name
    path.write_bytes(text.encode())
    return path


def complaint(path: Path, *more: Path, **options: Any) -> str:
    with pytest.raises(RecontactError) as caught:
        read(path, *more, **options)
    assert "\n" not in str(caught.value)
    assert str(path) in str(caught.value) or any(str(other) in str(caught.value) for other in more)
    return str(caught.value)


def test_ten_rows_of_a_spreadsheet_become_labelled_comments() -> None:
    rows = read(TEN_ROWS)
    assert [(row.id, row.labels, row.primary, row.language, row.split) for row in rows] == [
        ("1", ("solution_failed",), "solution_failed", "nb", "train"),
        ("2", ("no_callback",), "no_callback", "nb", "train"),
        ("3", ("long_wait",), "long_wait", "nb", "validation"),
        ("4", (), NONE, "nb", "train"),
        ("5", ("no_callback", "needed_more_info"), "needed_more_info", "nb", "test"),
        ("6", ("wrong_answer",), "wrong_answer", "en", "test"),
        ("7", ("not_fixed_on_time",), "not_fixed_on_time", "en", "validation"),
        ("8", (), NONE, "en", "train"),
        ("9", ("no_help", "recurred"), "recurred", "en", "train"),
        ("10", ("other",), "other", "en", ""),
    ]
    assert rows[0].text == "Rørleggeren var her, men det lekker fortsatt"


def test_a_guessed_encoding_is_told() -> None:
    said: list[str] = []
    read(TEN_ROWS, said=said)
    assert said == [f"{TEN_ROWS}: read as cp1252, the likeliest encoding; name another with --encoding"]
    said.clear()
    assert read(TEN_ROWS, said=said, encoding="cp1252")[0].text.startswith("Rørleggeren")
    assert said == []


# How a user may write what a comment states; a spreadsheet guards texts that begin with a sign of sums.
TEXTS = st.text("abcøя等 ,;|'\n\"", max_size=20).map(lambda text: f"It {text}.")
COMMENTS = st.lists(
    st.fixed_dictionaries(
        {
            "id": st.text("abc123-", max_size=5),
            "text": TEXTS,
            "causes": st.lists(st.sampled_from(TAXONOMY.ids), unique=True, max_size=4),
            "language": st.sampled_from(["", *TAXONOMY.languages]),
            "split": st.sampled_from(["", "train", "validation", "test"]),
        }
    ),
    min_size=1,
    max_size=6,
).map(lambda rows: [row | {"id": f"i{k}{row['id']}"} for k, row in enumerate(rows)])
QUICK = settings(deadline=None, max_examples=60)
FORMATS = st.sampled_from(SUFFIXES)
CHANCE = st.randoms(use_true_random=False)


def expected(row: Row) -> LabelledComment:
    causes = row["causes"]
    return LabelledComment(
        id=row["id"],
        text=row["text"],
        language=row["language"] or "und",
        labels=tuple(cause for cause in TAXONOMY.ids if cause in causes),
        primary=causes[0] if causes else NONE,
        split=row["split"],
    )


def called(cause: str, chance: random.Random) -> str:
    name = chance.choice([cause, TAXONOMY.name(cause, chance.choice(TAXONOMY.languages))])
    return chance.choice([name, name.upper(), f" {name.lower()} "])


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("labels")


@QUICK
@given(COMMENTS, FORMATS, CHANCE, st.sampled_from(["label", "Labels", " CAUSE ", "causes", "Reason"]))
def test_one_label_column_is_read_alike_from_every_format(
    folder: Path, comments: list[Row], suffix: str, chance: random.Random, column: str
) -> None:
    rows = []
    for comment in comments:
        names: Any = [called(cause, chance) for cause in comment["causes"] or ([NONE] * chance.randint(0, 1))]
        if suffix != ".parquet":
            names = names if suffix == ".jsonl" and chance.random() < 0.5 else "; ".join(names)
        rows.append({key: comment[key] for key in ("id", "text", "language", "split")} | {column: names})
    path = saved(folder / f"own{suffix}", rows)
    found = read(path, label_column="reason" if column == "Reason" else None)
    assert found == [expected(comment) for comment in comments]


# How a user may mark that a cause is stated, and that it is not.
MARKS: list[tuple[Any, Any]] = [
    (1, 0), ("1", "0"), ("true", "False"), ("YES", "no"), ("x", ""), (True, False), (True, None), (1.0, 0.0),
]  # fmt: skip


@QUICK
@given(COMMENTS, FORMATS, CHANCE, st.sampled_from(TAXONOMY.languages))
def test_a_column_for_each_cause_is_read_alike_from_every_format(
    folder: Path, comments: list[Row], suffix: str, chance: random.Random, language: str
) -> None:
    columns = {cause: chance.choice([cause, TAXONOMY.name(cause, language)]) for cause in TAXONOMY.ids}
    stated, unstated = chance.choice(MARKS)
    rows = [
        {"id": row["id"], "comment": row["text"], "language": row["language"], "split": row["split"]}
        | {column: stated if cause in row["causes"] else unstated for cause, column in columns.items()}
        for row in comments
    ]
    found = read(saved(folder / f"own{suffix}", rows))
    in_order = [row | {"causes": [cause for cause in TAXONOMY.ids if cause in row["causes"]]} for row in comments]
    assert found == [expected(row) for row in in_order]


def test_full_rows_are_read_as_ever(tmp_path: Path) -> None:
    shipped = LABELLED / "is.jsonl"
    assert read(shipped) == read_labelled(shipped)
    row = LabelledComment(
        id="1", text="they never rang", language="en", labels=("no_callback",), primary="no_callback",
        evidence=(Span("no_callback", 0, 4),), split="train",
    )  # fmt: skip
    write_labelled(tmp_path / "full.jsonl", [row])
    assert read(tmp_path / "full.jsonl") == [row]
    (tmp_path / "full.labels").write_bytes((tmp_path / "full.jsonl").read_bytes())
    assert read(tmp_path / "full.labels") == [row]


@pytest.mark.parametrize(
    "row",
    [
        {"labels": ["no_calback"], "evidence": []},
        {"labels": [], "primary": "no_calback", "evidence": []},
        {"labels": ["no_help"], "evidence": [{"cause": "no_calback", "start": 0, "end": 1}]},
    ],
)
def test_full_rows_with_an_unknown_label_are_refused_like_those_of_a_table(tmp_path: Path, row: Row) -> None:
    path = tmp_path / "full.jsonl"
    good = {"text": "a", "labels": [], "evidence": []}
    path.write_text("\n".join(json.dumps(one) for one in (good, {"text": "b"} | row)), encoding="utf-8")
    message = complaint(path)
    assert "full.jsonl, line 2: label 'no_calback' is no cause; 1 row has it; the nearest is 'no_callback'" in message


def test_full_rows_state_no_cause_by_an_empty_list(tmp_path: Path) -> None:
    path = tmp_path / "full.jsonl"
    path.write_text('{"text": "a", "labels": ["none"], "evidence": []}', encoding="utf-8")
    assert "line 1: 'none' is no label; write [] where no cause is stated" in complaint(path)


def test_languages_are_codes_and_what_is_none_is_said_once(tmp_path: Path) -> None:
    written = ["nb-NO", "NO", "zh_Hant", "EN", "Norsk", "Norsk", "?", ""]
    rows = [{"text": f"text {k}", "label": "no_help", "language": code} for k, code in enumerate(written)]
    said: list[str] = []
    found = read(saved(tmp_path / "own.csv", rows), said=said)
    assert [row.language for row in found] == ["nb", "nb", "zh", "en", "und", "und", "und", "und"]
    (warning,) = said
    assert "language '?' is no language code, such as nb or en" in warning
    assert warning.endswith("(rows that count as of no known language: 3)")


def test_full_rows_are_told_from_texts_that_speak_of_evidence(tmp_path: Path) -> None:
    rows = [{"text": 'the "evidence": none', "label": "evidence"}, {"text": "evidence", "label": "no_help"}]
    assert "label 'evidence' is no cause" in complaint(saved(tmp_path / "own.jsonl", rows))


def test_a_mistake_in_full_rows_is_said_as_ever(tmp_path: Path) -> None:
    path = tmp_path / "full.jsonl"
    path.write_text('{"text": "a", "labels": [], "evidence": [], "colour": "red"}\n', encoding="utf-8")
    assert "full.jsonl line 1: unknown field 'colour'" in complaint(path)
    path.write_bytes('{"text": "a", "labels": [], "evidence": []}\n'.encode("utf-16"))
    assert "cannot read" in complaint(path)


def test_columns_named_for_full_rows_alone_are_refused(tmp_path: Path) -> None:
    full = LABELLED / "is.jsonl"
    assert "leave --text-column and --label-column out" in complaint(full, label_column="primary")
    own = csv(tmp_path, "comment,reason\nnobody helped,no_help\n")
    assert read(full, own, label_column="reason")[-1].labels == ("no_help",)


def test_a_pipe_holds_full_rows() -> None:
    out, into = os.pipe()
    try:
        os.write(into, b'{"text": "nobody helped", "labels": ["no_help"]}\n')
        os.close(into)
        assert [row.labels for row in read(Path(f"/dev/fd/{out}"))] == [("no_help",)]
    finally:
        os.close(out)


def test_text_and_labels_alone_are_enough_and_other_columns_are_left_aside(tmp_path: Path) -> None:
    path = tmp_path / "own.jsonl"
    path.write_text('{"text": "a", "labels": ["no_help"]}\n\n{"text": "b", "labels": [], "score": 3}\n', "utf-8")
    assert read(path) == [
        LabelledComment("own.jsonl:1", "a", "und", ("no_help",), "no_help"),
        LabelledComment("own.jsonl:3", "b", "und", (), NONE),
    ]


UNKNOWN: list[Row] = [
    {"text": "one", "label": "no_help"},
    {"text": "two", "label": "no_help; no_calback"},
    {"text": "three", "label": "weather"},
    {"text": "four", "label": "no_calback"},
]


@pytest.mark.parametrize(
    ("suffix", "place"),
    [(".csv", "line 3"), (".tsv", "line 3"), (".xlsx", "row 3"), (".parquet", "row 2"), (".jsonl", "line 2")],
)
def test_an_unknown_label_is_named_with_its_place_its_number_and_the_nearest(
    tmp_path: Path, suffix: str, place: str
) -> None:
    message = complaint(saved(tmp_path / f"own{suffix}", UNKNOWN))
    assert f"own{suffix}, {place}: label 'no_calback' is no cause; 2 rows have it (unknown labels in all: 2)" in message
    assert "the nearest is 'no_callback'; known: solution_failed, no_callback," in message


def test_an_unknown_label_stands_at_the_line_its_row_begins(tmp_path: Path) -> None:
    path = csv(tmp_path, 'text,label\n\n"one\ntwo",no_help\nthree,Promised reply newer came\n')
    message = complaint(path)
    assert "own.csv, line 5: label 'Promised reply newer came' is no cause; 1 row has it; the nearest is" in message
    assert "'Promised reply never came' (no_callback)" in message


def test_a_row_of_a_sheet_is_numbered_as_excel_does(tmp_path: Path) -> None:
    path = tmp_path / "own.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet()
        for row, cells in ((2, ["text", "label"]), (4, ["one", "no_help"]), (6, ["two", "weather"])):
            sheet.write_row(row, 0, cells)
    assert f"{path}, row 7: label 'weather'" in complaint(path)


@pytest.mark.parametrize("value", [7, True, {"a": 1}, [7], "the weather"])
def test_what_is_no_text_is_no_label(tmp_path: Path, value: Any) -> None:
    assert "own.jsonl, line 1: " in complaint(saved(tmp_path / "own.jsonl", [{"text": "one", "label": value}]))


@pytest.mark.parametrize(
    "value", [None, "", " ", "none", "NONE", "No cause stated", [], ["none"], "Ingen oppgitt årsak"]
)
def test_no_label_and_none_mean_that_no_cause_is_stated(tmp_path: Path, value: Any) -> None:
    rows = [{"text": "one", "label": value}, {"text": "two", "label": "no_help"}]
    assert [row.labels for row in read(saved(tmp_path / "own.jsonl", rows))] == [(), ("no_help",)]


def test_a_row_of_jsonl_that_leaves_its_labels_out_is_not_taken_for_one_without_a_cause(tmp_path: Path) -> None:
    path = csv(tmp_path, '{"text": "one", "label": "no_help"}\n{"text": "two"}\n', "own.jsonl")
    assert "own.jsonl, line 2: no 'label', the column with the labels; write null or [] where" in complaint(path)


def test_none_and_a_cause_contradict_each_other(tmp_path: Path) -> None:
    said = complaint(csv(tmp_path, "text,label\none,none; no_help\n"))
    assert "own.csv, line 2: both 'none' and 'no_help' are stated" in said
    said = complaint(csv(tmp_path, "text,no_help,none\none,x,\ntwo,x,x\n"))
    assert "own.csv, line 3: both 'none' and 'no_help' are stated" in said
    said = complaint(csv(tmp_path, "text,no_help,none\none,0,0\n"))
    assert "own.csv, line 2: neither a cause nor 'none' is marked" in said


@pytest.mark.parametrize("mark", ["2", "0.87", "maybe", "-", "no_help"])
def test_any_other_mark_is_refused_by_its_line(tmp_path: Path, mark: str) -> None:
    path = csv(tmp_path, f"text,no_help,recurred\none,1,0\ntwo,0,{mark}\n")
    assert f"own.csv, line 3: the column 'recurred' holds {mark!r}; write 1 or 0" in complaint(path)


def test_causes_without_a_column_are_told(tmp_path: Path) -> None:
    said: list[str] = []
    path = csv(tmp_path, "text,no_help,recurred\none,1,0\n")
    assert [row.labels for row in read(path, said=said)] == [("no_help",)]
    assert len(said) == 1
    assert said[0].startswith(f"{path}: no column for solution_failed, no_callback, needed_more_info")
    assert "no_help" not in said[0]


@pytest.mark.parametrize(
    ("header", "said"),
    [
        ("text,score", "no column says the causes (called label, labels, cause, causes, or one column for each cause)"),
        ("text,cause,causes", "more than one column could say the causes: 'cause', 'causes'; name the right one with"),
        ("text,label,no_help", "more than one column could say the causes: 'label', 'no_help'"),
        ("text,no_help,Got no help", "the columns 'no_help', 'Got no help' are both for no_help"),
        ("text,no_help,no_calback", "the column 'no_calback' is no cause, but nearly 'no_callback'; rename it"),
        ("text,label,split,SPLIT", "the columns 'split', 'SPLIT' are called alike"),
        ("score,label,no", "no column is clearly the one with the comments; name the right one with --text-column"),
    ],
)
def test_columns_that_leave_a_doubt_are_refused_with_the_cure(tmp_path: Path, header: str, said: str) -> None:
    path = csv(tmp_path, header + "\n" + ",".join("1" * len(header.split(","))) + "\n")
    with pytest.raises(ColumnError):
        read(path)
    assert said in complaint(path)


def test_a_column_with_the_name_of_a_cause_is_not_taken_for_the_comments(tmp_path: Path) -> None:
    header, answer = "What happened,Svar barst aldrei,Ekki afgreitt á réttum tíma", "the plumber came late,x,"
    path = csv(tmp_path, f"{header}\n{answer}\n{answer}y\n")
    assert "'Svar barst aldrei' is the name of a cause; name the column with the comments" in complaint(path)
    path = csv(tmp_path, f"{header}\n{answer}\n")
    assert [row.labels for row in read(path, text_column="what happened")] == [("no_callback",)]


def test_columns_can_be_named_in_any_case(tmp_path: Path) -> None:
    path = csv(tmp_path, "What happened?,Reason,cause\nnobody helped,no_help,recurred\n")
    (row,) = read(path, text_column="what happened?", label_column="REASON")
    assert (row.text, row.labels) == ("nobody helped", ("no_help",))
    assert f"{path}: no column 'why'; name the right one with --label-column NAME" in complaint(
        path, text_column="What happened?", label_column="why"
    )
    assert f"{path}: no column 'why'; name the right one with --text-column NAME" in complaint(path, text_column="why")
    assert "cannot hold both" in complaint(path, text_column="cause", label_column="cause")


def test_a_column_of_the_output_of_classify_can_be_learnt_from(tmp_path: Path) -> None:
    path = csv(tmp_path, "text,cause,causes,confidence,prob_no_help\none,no_help,no_help;recurred,0.9,0.9\n")
    assert read(path, label_column="causes")[0].labels == ("no_help", "recurred")


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_row_without_a_text_is_refused_by_its_place_or_left_out_on_demand(tmp_path: Path, suffix: str) -> None:
    rows = [{"id": str(k), "text": text, "label": "no_help"} for k, text in enumerate(["one", " ", "two"])]
    path, said = saved(tmp_path / f"own{suffix}", rows), list[str]()
    place = {".jsonl": "line 2", ".parquet": "row 2", ".xlsx": "row 3"}.get(suffix, "line 3")
    assert f"{path}, {place}: the text is empty; write it, delete the row, or leave such rows out" in complaint(path)
    assert [row.text for row in read(path, said=said, skip_bad_rows=True)] == ["one", "two"]
    assert said == [f"{path}: rows without a text left out: 1"]


def test_rows_of_empty_cells_are_no_rows(tmp_path: Path) -> None:
    path = csv(tmp_path, "text;label;day\none;no_help;mon\n;;\ntwo;;\n ;;\n")
    assert [(row.id, row.text) for row in read(path)] == [("own.csv:2", "one"), ("own.csv:4", "two")]


def test_broken_rows_are_refused_or_set_aside_as_in_classify(tmp_path: Path) -> None:
    path, said = csv(tmp_path, "text,label\none,no_help\ntwo,no_help,three\nfour,none\n"), list[str]()
    with pytest.raises(CommentFileError, match="line 3: 3 fields where the header has 2"):
        read(path)
    assert [row.text for row in read(path, said=said, skip_bad_rows=True)] == ["one", "four"]
    assert said == [f"{path}: broken rows set aside in {tmp_path / 'own.bad-rows.csv'}: 1"]


def test_a_file_without_a_single_text_is_refused(tmp_path: Path) -> None:
    path = csv(tmp_path, "text,label\n ,no_help\n")
    assert "has no row with a text" in complaint(path, skip_bad_rows=True)


def test_texts_with_different_labels_are_told_five_at_most(tmp_path: Path) -> None:
    lines = [f"text {n},{label}" for n in range(6) for label in ("no_help", "none")] + ["same,no_help", "same ,no_help"]
    said: list[str] = []
    path = csv(tmp_path, "text,label\n" + "\n".join(lines) + "\n")
    assert len(read(path, said=said)) == 14
    assert len(said) == 1
    assert said[0].startswith(f"{path}: texts with different labels (6): 'text 0' (lines 2, 3: no_help / none)")
    assert "'text 4' (lines 10, 11: no_help / none); and 1 more" in said[0]
    assert "text 5" not in said[0]
    assert "same" not in said[0]


@pytest.mark.parametrize(
    ("written", "split"),
    [("Train", "train"), ("training", "train"), ("dev", "validation"), ("VAL", "validation"), ("valid", "validation"),
     ("Development", "validation"), (" test ", "test"), ("testing", "test"), ("", "")],
)  # fmt: skip
def test_splits_have_their_common_spellings(tmp_path: Path, written: str, split: str) -> None:
    assert read(csv(tmp_path, f"text,label,Split\none,no_help,{written}\n"))[0].split == split


def test_an_unknown_split_is_refused_by_its_line(tmp_path: Path) -> None:
    path = csv(tmp_path, "text,label,split\none,no_help,later\n")
    assert "own.csv, line 2: split 'later' is unknown; write train, validation or test" in complaint(path)


def test_the_primary_cause_is_the_one_named_else_the_first_one_written(tmp_path: Path) -> None:
    path = csv(tmp_path, "text,labels,primary\na,recurred;no_help,Got no help\nb,recurred;no_help,\nc,,none\n")
    assert [(row.labels, row.primary) for row in read(path)] == [
        (("no_help", "recurred"), "no_help"),
        (("no_help", "recurred"), "recurred"),
        ((), NONE),
    ]
    path = csv(tmp_path, "text,labels,primary\na,recurred,no_help\n")
    assert "own.csv, line 2: primary 'no_help' is not among the causes stated" in complaint(path)
    path = csv(tmp_path, "text,labels,primary\na,recurred,recured\n")
    assert "own.csv, line 2: label 'recured' is no cause; 1 row has it; the nearest is 'recurred'" in complaint(path)


def test_an_id_stands_once_in_a_file_and_is_told_from_that_of_another(tmp_path: Path) -> None:
    path = csv(tmp_path, "id,text,label\n1,one,none\n2,two,none\n1,three,none\n")
    assert "own.csv, line 4: id '1' stands on line 2 too" in complaint(path)
    first = csv(tmp_path, "id,text,label,split\n1,one,none,train\n2,two,none,train\n")
    second = csv(tmp_path, "id,text,label,split\n1,three,none,test\n3,four,none,test\n", "more.csv")
    assert [row.id for row in read(first, second)] == ["1", "2", f"{second}:1", "3"]


def test_causes_of_ones_own_are_known_by_their_ids_and_names(tmp_path: Path) -> None:
    (tmp_path / "causes.yaml").write_text(OWN_CAUSES, encoding="utf-8")
    taxonomy = load_taxonomy(tmp_path / "causes.yaml")
    path = csv(tmp_path, 'text,label\none,slow\ntwo,"Too dear, really, Too slow"\nthree,Fine\n')
    assert [row.labels for row in read_label_files([path], taxonomy)] == [("slow",), ("slow", "dear"), ()]
    path = csv(tmp_path, "text,label\none,no_help\n")
    with pytest.raises(LabelError, match=r"label 'no_help' is no cause; .* known: slow, dear, none"):
        read_label_files([path], taxonomy)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_files_of_other_programs_are_read_whatever_their_encoding(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "own.csv"
    path.write_bytes(
        "kommentar;årsak;label\r\nIngen ringte på en uke;x;Lovet tilbakemelding uteble\r\n".encode(encoding)
    )
    assert [(row.text, row.labels) for row in read(path)] == [("Ingen ringte på en uke", ("no_callback",))]


def test_evidence_is_read_from_jsonl_only_and_that_is_told(tmp_path: Path) -> None:
    said: list[str] = []
    frame = pl.DataFrame([{"text": "nobody helped", "labels": ["no_help"], "evidence": [{"cause": "no_help"}]}])
    frame.write_parquet(tmp_path / "own.parquet")
    assert read(tmp_path / "own.parquet", said=said)[0].labels == ("no_help",)
    assert said == [f"{tmp_path / 'own.parquet'}: evidence is read from JSONL only; the column is left out"]


@pytest.mark.parametrize(
    ("name", "said"),
    [("absent.csv", "no file at"), ("absent.jsonl", "no file at"), (".", "folder"), ("own.docx", "unknown suffix")],
)
def test_what_is_no_label_file_is_named(tmp_path: Path, name: str, said: str) -> None:
    (tmp_path / "own.docx").write_bytes(b"PK\x03\x04")
    with pytest.raises(CommentFileError, match=said):
        read(tmp_path / name)

"""Drafts: brackets become offsets, lines become rows, and mistakes are said with their line."""

from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recontact_data.draft import main, parse_draft_line, parse_marked, read_drafts
from recontact_data.errors import LabelError
from recontact_data.labels import LabelledComment, Span, problems, read_labelled
from recontact_data.taxonomy import Taxonomy, load_taxonomy


@pytest.fixture(scope="module")
def taxonomy() -> Taxonomy:
    return load_taxonomy()


def drafts(folder: Path, name: str, *lines: str) -> Path:
    path = folder / name
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def stated(row: LabelledComment) -> list[tuple[str, str]]:
    return [(span.cause, row.text[span.start : span.end]) for span in row.evidence]


def test_a_bracket_becomes_the_offsets_of_its_words() -> None:
    text, spans = parse_marked("I waited, [no_callback|nobody rang], sad")
    assert text == "I waited, nobody rang, sad"
    assert spans == (Span("no_callback", 10, 21),)
    assert text[10:21] == "nobody rang"


def test_a_text_without_brackets_stays_as_it_is() -> None:
    assert parse_marked("fine | thanks") == ("fine | thanks", ())


def test_one_bracket_may_mark_two_causes_at_once() -> None:
    assert parse_marked("[no_help+long_wait|an hour for nothing]") == (
        "an hour for nothing",
        (Span("no_help", 0, 19), Span("long_wait", 0, 19)),
    )


def test_two_stretches_of_one_cause_are_two_spans() -> None:
    text, spans = parse_marked("[no_help|she sighed] and [no_help|hung up]")
    assert text == "she sighed and hung up"
    assert spans == (Span("no_help", 0, 10), Span("no_help", 15, 22))


def test_spaces_and_line_breaks_inside_a_bracket_stay_in_the_text_but_not_in_the_evidence() -> None:
    text, spans = parse_marked("well[no_help| \nhung up\n ]bye")
    assert text == "well \nhung up\n bye"
    assert [text[span.start : span.end] for span in spans] == ["hung up"]


def test_evidence_may_run_over_a_line_break() -> None:
    text, spans = parse_marked("[no_help|hung\nup]")
    assert (text, spans) == ("hung\nup", (Span("no_help", 0, 7),))


@pytest.mark.parametrize(
    "marked", ["a [b", "a] b", "[no_help]", "[|words]", "[no_help|]", "[no_help|a [x|b] c]", "[No Help|a]"]
)
def test_a_stray_bracket_is_said_with_the_cure(marked: str) -> None:
    with pytest.raises(LabelError, match=r"a bracket that marks no cause in .*; write \[cause\|words\]"):
        parse_marked(marked)


def test_a_bracket_around_spaces_is_said() -> None:
    with pytest.raises(LabelError, match="marks no words"):
        parse_marked("a [no_help|  ] b")


words = st.text(st.characters(exclude_characters="[]", exclude_categories=["Cs"]), max_size=12)


@given(st.lists(st.tuples(words, words.filter(str.strip)), max_size=4), words)
def test_taking_the_brackets_out_changes_no_letter_and_marks_the_words(parts: list[tuple[str, str]], end: str) -> None:
    text, spans = parse_marked("".join(f"{before}[no_help|{said}]" for before, said in parts) + end)
    assert text == "".join(before + said for before, said in parts) + end
    assert [text[span.start : span.end] for span in spans] == [said.strip() for _, said in parts]


def test_a_draft_line_becomes_a_row(taxonomy: Taxonomy) -> None:
    line = "bank phone ## [long_wait|an hour], [no_callback|no call] ## primary=no_callback pair=4 tags=several,caps"
    row = parse_draft_line(line, "en", taxonomy)
    assert row == LabelledComment(
        id="", text="an hour, no call", language="en", labels=("no_callback", "long_wait"), primary="no_callback",
        evidence=(Span("long_wait", 0, 7), Span("no_callback", 9, 16)), industry="bank", channel="phone",
        source="written", pair="en-4", phenomena=("several", "caps"),
    )  # fmt: skip


def test_the_cause_stated_first_is_the_primary_one_unless_said_otherwise(taxonomy: Taxonomy) -> None:
    row = parse_draft_line("bank phone ## [long_wait|an hour], [no_callback|no call]", "en", taxonomy)
    assert row.primary == "long_wait"
    assert row.labels == ("no_callback", "long_wait")


def test_a_draft_without_brackets_states_no_cause(taxonomy: Taxonomy) -> None:
    row = parse_draft_line("bank phone ## lovely people", "en", taxonomy)
    assert (row.labels, row.primary, row.evidence, row.pair, row.phenomena) == ((), "none", (), None, ())


def test_a_written_line_break_becomes_a_real_one_and_the_offsets_follow(taxonomy: Taxonomy) -> None:
    row = parse_draft_line(r"bank phone ## Hi\nthere [no_help|hung\nup]", "en", taxonomy)
    assert row.text == "Hi\nthere hung\nup"
    assert stated(row) == [("no_help", "hung\nup")]


@pytest.mark.parametrize(
    "line", ["bank phone", "bank ## text", "bank phone chat ## text", "a b ## c ## primary=x ## d"]
)
def test_a_line_of_another_form_is_told_the_form(taxonomy: Taxonomy, line: str) -> None:
    with pytest.raises(LabelError, match="a draft line needs `industry channel ## text`"):
        parse_draft_line(line, "en", taxonomy)


def test_an_unknown_key_is_named_with_the_known_ones(taxonomy: Taxonomy) -> None:
    with pytest.raises(LabelError, match="unknown key 'tag'; known: primary, pair, tags"):
        parse_draft_line("bank phone ## text ## tag=caps", "en", taxonomy)


@pytest.mark.parametrize(("mark", "named"), [("weather", "'weather'"), ("no_help+", "''"), ("none", "'none'")])
def test_a_bracket_with_an_unknown_cause_names_it(taxonomy: Taxonomy, mark: str, named: str) -> None:
    with pytest.raises(LabelError, match=f"{named} is not a cause; known: solution_failed"):
        parse_draft_line(f"bank phone ## it [{mark}|rained]", "en", taxonomy)


def test_rows_are_numbered_over_files_and_comments_and_empty_lines_are_skipped(
    tmp_path: Path, taxonomy: Taxonomy
) -> None:
    first = drafts(tmp_path, "a.txt", "# a remark", "", "bank phone ## one", "bank chat ## two")
    second = drafts(tmp_path, "b.txt", "bank app ## three")
    rows = read_drafts([first, second], "nb", taxonomy)
    assert [(row.id, row.text) for row in rows] == [("nb-0001", "one"), ("nb-0002", "two"), ("nb-0003", "three")]
    assert [row.id for row in read_drafts([second], "nb", taxonomy, start=41)] == ["nb-0041"]


def test_pairs_of_different_files_stay_apart(tmp_path: Path, taxonomy: Taxonomy) -> None:
    paths = [
        drafts(tmp_path, name, "bank phone ## x ## pair=1", "bank phone ## [no_help|y] ## pair=1")
        for name in ("a.txt", "b.txt")
    ]
    pairs = [row.pair for row in read_drafts(paths, "en", taxonomy)]
    assert pairs == ["en-0001", "en-0001", "en-0003", "en-0003"]


def test_a_bad_line_is_said_with_its_file_and_number(tmp_path: Path, taxonomy: Taxonomy) -> None:
    path = drafts(tmp_path, "a.txt", "# a remark", "bank phone ## one", "bank phone ## a ] b")
    with pytest.raises(LabelError, match=r"a\.txt line 3: a bracket that marks no cause"):
        read_drafts([path], "nb", taxonomy)


def test_the_command_writes_rows_that_are_right_each_by_itself(
    tmp_path: Path, taxonomy: Taxonomy, capsys: pytest.CaptureFixture[str]
) -> None:
    source = drafts(tmp_path, "a.txt", "bank phone ## [no_help|hung up]\\nbye", "bank chat ## nice ## tags=fragment")
    output = tmp_path / "en.jsonl"
    assert main([str(source), "--language", "en", "-o", str(output)]) == 0
    assert capsys.readouterr().out == f"2 rows added to {output}\n"
    rows = read_labelled(output)
    assert [row.id for row in rows] == ["en-0001", "en-0002"]
    assert [problem for row in rows for problem in problems(row, taxonomy)] == []


def test_drafts_are_added_and_rows_already_there_stay_as_they_are(tmp_path: Path) -> None:
    lines = [f"bank phone ## [no_help|hung up] {sha256(bytes([number])).hexdigest()}" for number in range(20)]
    output = tmp_path / "en.jsonl"
    command = ["--language", "en", "-o", str(output)]
    assert main([str(drafts(tmp_path, "a.txt", *lines)), *command]) == 0
    before = read_labelled(output)
    (tmp_path / "a.txt").unlink()
    more = [f"bank chat ## nice {sha256(bytes([number, 1])).hexdigest()}" for number in range(20)]
    assert main([str(drafts(tmp_path, "b.txt", *more)), *command]) == 0
    after = read_labelled(output)
    assert after[:20] == before
    assert [row.id for row in after[20:]] == [f"en-{number:04d}" for number in range(21, 41)]
    assert all(row.split for row in after)


def test_drafts_may_all_join_one_split_so_that_the_others_stay_as_they_were(tmp_path: Path) -> None:
    lines = [f"bank phone ## nice {sha256(bytes([number])).hexdigest()}" for number in range(20)]
    output = tmp_path / "en.jsonl"
    command = ["--language", "en", "-o", str(output)]
    assert main([str(drafts(tmp_path, "a.txt", *lines[:10])), *command]) == 0
    before = read_labelled(output)
    assert main([str(drafts(tmp_path, "b.txt", *lines[10:])), *command, "--split", "train"]) == 0
    after = read_labelled(output)
    assert after[:10] == before
    assert {row.split for row in after[10:]} == {"train"}


def test_a_comment_that_is_there_already_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    output = tmp_path / "en.jsonl"
    source = str(drafts(tmp_path, "a.txt", "bank phone ## lovely people"))
    assert main([source, "--language", "en", "-o", str(output)]) == 0
    assert main([source, "--language", "en", "-o", str(output)]) == 1
    assert "'lovely people' is en-0001 of" in capsys.readouterr().out
    assert len(read_labelled(output)) == 1


@pytest.mark.parametrize(
    ("line", "language", "said"),
    [
        ("telecoms phone ## nice", "en", "line 1: industry 'telecoms' is not one of telecom"),
        ("telecom fone ## nice", "en", "line 1: channel 'fone' is not one of phone"),
        ("telecom phone ## nice ## tags=foo", "en", "line 1: phenomenon 'foo' is not one of"),
        ("telecom phone ## nice ## primary=no_help", "en", "line 1: primary 'no_help' is not among the labels"),
        ("telecom phone ##  ", "en", "line 1: the text is empty"),
        ("telecom phone ## nice", "xx", "line 1: language 'xx' is not one of"),
        ("telecom phone ## nice", "nb", "holds comments in 'en', the drafts are in 'nb'"),
        ("telecom phone ## Wonderful, Patient staff!!", "en", "nearly the same as en-0001"),
        ("telecom phone ## nice ## pair=7", "en", "has 1 rows; a contrast pair has two"),
    ],
)
def test_what_would_be_a_wrong_row_is_refused_and_nothing_written(
    line: str, language: str, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "en.jsonl"
    first = drafts(tmp_path, "a.txt", "bank phone ## wonderful, patient staff")
    assert main([str(first), "--language", "en", "-o", str(output)]) == 0
    before = output.read_bytes()
    target = tmp_path / "xx.jsonl" if language == "xx" else output
    assert main([str(drafts(tmp_path, "b.txt", line)), "--language", language, "-o", str(target)]) == 1
    assert said in capsys.readouterr().out
    assert output.read_bytes() == before


def test_a_draft_of_another_encoding_is_said_with_its_name(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = tmp_path / "latin.txt"
    source.write_bytes("bank phone ## très bien".encode("latin-1"))
    assert main([str(source), "--language", "fr", "-o", str(tmp_path / "fr.jsonl")]) == 1
    assert "latin.txt is not UTF-8 (byte 17); save it as UTF-8" in capsys.readouterr().out


def test_the_mark_that_windows_puts_before_a_file_is_no_part_of_it(tmp_path: Path) -> None:
    source = tmp_path / "windows.txt"
    source.write_bytes(b"\xef\xbb\xbf# my drafts\r\nbank phone ## nice\r\n")
    assert main([str(source), "--language", "en", "-o", str(tmp_path / "en.jsonl")]) == 0


def test_the_command_says_a_mistake_in_one_line_and_writes_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "en.jsonl"
    for source in (drafts(tmp_path, "a.txt", "bank ## text"), tmp_path / "absent.txt"):
        assert main([str(source), "--language", "en", "-o", str(output)]) == 1
        said = capsys.readouterr().out
        assert said.startswith("error: ")
        assert source.name in said
        assert said.count("\n") == 1
    assert not output.exists()


def test_a_folder_that_is_not_there_is_said_in_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = drafts(tmp_path, "a.txt", "bank phone ## text")
    assert main([str(source), "--language", "en", "-o", str(tmp_path / "absent" / "en.jsonl")]) == 1
    said = capsys.readouterr().out
    assert said.startswith("error: ")
    assert said.count("\n") == 1

"""Which column is taken for the comments, and which column names are refused."""

from pathlib import Path

import pytest

from recontact_data.comments import open_comments, text_of
from recontact_data.errors import ColumnError

SENTENCES = ["jeg ringte tre ganger forgjeves", "ingen har svart meg ennå", "veldig bra og hyggelig hjelp"]


def saved(folder: Path, header: list[str], *rows: list[str]) -> Path:
    path = folder / "in.tsv"
    path.write_text("\n".join("\t".join(row) for row in (header, *rows)) + "\n", encoding="utf-8")
    return path


def chosen(folder: Path, header: list[str], *rows: list[str], wanted: str | None = None) -> str:
    return open_comments(saved(folder, header, *rows or (["1"] * len(header),)), text_column=wanted).text_column


def test_a_given_name_is_exact_or_else_in_any_case(tmp_path: Path) -> None:
    assert chosen(tmp_path, ["Note", "note"], wanted="note") == "note"
    assert chosen(tmp_path, ["id", "Note"], wanted="NOTE") == "Note"


def test_a_given_name_that_fits_two_columns_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ColumnError, match="'NOTE' could be any of 'Note', 'note'"):
        chosen(tmp_path, ["Note", "note"], wanted="NOTE")


def test_a_given_name_that_is_missing_lists_the_columns(tmp_path: Path) -> None:
    with pytest.raises(ColumnError, match=r"no column 'x'; .*--text-column NAME; the columns are: 'id', 'text'"):
        chosen(tmp_path, ["id", "text"], wanted="x")


def test_the_only_column_needs_no_name(tmp_path: Path) -> None:
    assert chosen(tmp_path, ["Q17_open"]) == "Q17_open"


@pytest.mark.parametrize(
    "name",
    [
        name
        for line in (
            "Comment|comments|TEXT|Kommentar|tekst|feedback|verbatim|svar|Bemærkning|omdöme|Palaute|umsögn|Freitext",
            "Rückmeldung|opmerking|Toelichting|Commentaire|comentário|Observaciones|Commento|Komentarz|treść|komentář",
            "připomínka|Комментарий|отзыв|коментар|Текст|Відгук|Yorum|Açıklama|评论|意见|留言|內容|customer_comment",
            "Kommentar (fritekst)|customerComment|Kundekommentar|commentText|Q3 - Kommentar|客户意见|free_text",
            "Hva er din tilbakemelding",
        )
        for name in line.split("|")
    ],
)
def test_usual_names_in_many_languages_are_known(tmp_path: Path, name: str) -> None:
    assert chosen(tmp_path, ["respondent", name, "butikk"], ["Kari", "bra", "Oslo"]) == name


def test_names_that_only_speak_of_the_comment_are_not_it(tmp_path: Path) -> None:
    rows = [[str(i), "2024-01-0" + str(i), "nb", text] for i, text in enumerate(SENTENCES, 1)]
    assert chosen(tmp_path, ["comment_id", "kommentar_dato", "comment_language", "q7"], *rows) == "q7"


def test_numbers_under_a_related_name_are_not_comments(tmp_path: Path) -> None:
    rows = [[str(i), text] for i, text in enumerate(SENTENCES)]
    assert chosen(tmp_path, ["feedback 1", "q7"], *rows) == "q7"


def test_content_decides_where_names_do_not(tmp_path: Path) -> None:
    rows = [
        [f"KD-{i}", "2024-01-01", "Oslo sentrum øst avdeling", str(i), text] for i, text in enumerate(SENTENCES * 1)
    ]
    assert chosen(tmp_path, ["a", "b", "c", "d", "e"], *rows) == "e"


def test_chinese_comments_count_in_characters(tmp_path: Path) -> None:
    rows = [["张三", "没有人给我回电话到现在"], ["李四", "问题还是没有得到解决"]]
    assert chosen(tmp_path, ["a", "b"], *rows) == "b"


def test_of_two_usual_names_content_decides(tmp_path: Path) -> None:
    rows = [["ok", text] for text in SENTENCES]
    assert chosen(tmp_path, ["svar", "kommentar"], *rows) == "kommentar"


@pytest.mark.parametrize(
    ("rows", "said"), [([[s, s] for s in SENTENCES], "2 columns could"), ([["1", "2"]], "no column is clearly")]
)
def test_no_obvious_column_is_an_error_with_the_cure(tmp_path: Path, rows: list[list[str]], said: str) -> None:
    with pytest.raises(ColumnError, match=f"{said}.*--text-column NAME; the columns are: 'q1', 'q2'"):
        chosen(tmp_path, ["q1", "q2"], *rows)


def test_output_names_in_the_input_are_an_error_with_the_cure(tmp_path: Path) -> None:
    path = saved(tmp_path, ["text", "cause"], ["hei", "x"])
    with pytest.raises(ColumnError, match=r"'cause'; rename .* to 'input_cause'"):
        open_comments(path, reserved=("cause", "causes"))


@pytest.mark.parametrize(
    ("value", "text"), [(None, ""), (float("nan"), ""), (5, "5"), (2.5, "2.5"), (" hei ", " hei "), ("", "")]
)
def test_text_of_is_always_text(value: object, text: str) -> None:
    assert text_of({"c": value}, "c") == text


def test_text_of_a_missing_column_is_empty() -> None:
    assert text_of({}, "c") == ""

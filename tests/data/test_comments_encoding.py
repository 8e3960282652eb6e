"""Encodings: what a text file's bytes are taken for."""

from pathlib import Path

import pytest

from recontact_data.comments import open_comments
from recontact_data.errors import CommentFileError

DANISH = [
    "Jeg ringede tre gange på én dag",
    "Ingen vendte tilbage",
    "Det løste ikke problemet",
    "Tak for hjælpen",
    "ok",
]
TEXTS = {
    "cp1252": [
        DANISH,
        ["Måtte sende skjemaet på nytt", "De sa de skulle ringe", "Ventet i kø", "Fikk ikke svar", "Bra"],
        ["Ich musste zweimal anrufen", "Niemand rief zurück", "Die Störung kam wieder", "Gut", "Grüße"],
        ["J'ai dû rappeler « trois » fois", "personne n’a répondu", "très long", "ça marche", "déçu"],
        ["Nadie me llamó", "la reclamación sigue sin solución", "¿Cuándo?", "mañana", "así no"],
        ["Määräaika meni", "kukaan ei soittanut", "yhä sama vika", "kiitos", "hyvää työtä"],
        ["Löste inte felet", "Fick vänta länge", "Återkom aldrig", "bra", "Tack så mycket"],
        ["é"],
        ["krijg je één antwoord"],
    ],
    "cp1251": [
        ["Никой не ми се обади", "Проблемът се появи отново", "Чаках един час", "Благодаря", "добре"],
        ["Никто не перезвонил", "Ждал полчаса", "Ответ был неверный", "Спасибо", "нет"],
    ],
    "gb18030": [
        ["没有人给我回电话", "问题还是没有解决", "等了一个小时", "谢谢", "客服不了解情况"],
        ["等太久了。"],
    ],
}
CASES = [(encoding, lines) for encoding, sets in TEXTS.items() for lines in sets]


def saved(folder: Path, content: bytes, name: str = "in.csv") -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


@pytest.mark.parametrize(("encoding", "lines"), CASES)
def test_short_files_in_old_code_pages_come_out_right(tmp_path: Path, encoding: str, lines: list[str]) -> None:
    path = saved(tmp_path, ("id;text\r\n" + "".join(f"{i};{t}\r\n" for i, t in enumerate(lines))).encode(encoding))
    with open_comments(path) as reader:
        assert [row["text"] for chunk in reader for row in chunk] == lines
        assert reader.dialect is not None
        assert (reader.dialect.encoding, reader.dialect.bom, reader.dialect.guessed) == (encoding, False, True)


@pytest.mark.parametrize(
    ("encoding", "bom"), [("utf-8", False), ("utf-8-sig", True), ("utf-16", True), ("utf-32", True)]
)
def test_marked_files_and_plain_utf8_are_known_not_guessed(tmp_path: Path, encoding: str, bom: bool) -> None:
    path = saved(tmp_path, "text\npå tide 没有 😀\n".encode(encoding))
    with open_comments(path) as reader:
        assert reader.columns == ["text"]
        assert next(iter(reader)) == [{"text": "på tide 没有 😀"}]
        assert reader.dialect is not None
        assert (reader.dialect.encoding, reader.dialect.bom, reader.dialect.guessed) == (encoding, bom, False)


def test_an_accent_far_into_a_large_file_still_counts(tmp_path: Path) -> None:
    path = saved(tmp_path, b"text\n" + b"plain words\n" * 300_000 + "på tide\n".encode("cp1252"))
    with open_comments(path) as reader:
        assert [chunk[-1] for chunk in reader][-1] == {"text": "på tide"}


def test_a_character_cut_by_a_block_is_no_error(tmp_path: Path) -> None:
    before = b"text\n" + b"x" * 90 + b"\n"
    before += b"y\n" * (((1 << 20) - 1 - len(before)) // 2)
    before += b"z" * ((1 << 20) - 1 - len(before))
    with open_comments(saved(tmp_path, before + "å\n".encode())) as reader:
        assert [chunk[-1] for chunk in reader][-1]["text"].endswith("å")


def test_a_given_encoding_is_used(tmp_path: Path) -> None:
    path = saved(tmp_path, "text\nzażółć gęślą\n".encode("cp1250"))
    with open_comments(path, encoding="cp1250") as reader:
        assert next(iter(reader)) == [{"text": "zażółć gęślą"}]


def test_a_given_utf8_swallows_the_mark(tmp_path: Path) -> None:
    with open_comments(saved(tmp_path, b"\xef\xbb\xbftext\nhei\n"), encoding="utf-8") as reader:
        assert reader.columns == ["text"]


@pytest.mark.parametrize("wanted", ["klingon", "base64", "rot13"])
def test_an_encoding_that_is_none_is_an_error(tmp_path: Path, wanted: str) -> None:
    with pytest.raises(CommentFileError, match=f"unknown encoding '{wanted}'"):
        open_comments(saved(tmp_path, b"text\nhei\n"), encoding=wanted)


def test_a_wrong_encoding_names_line_and_byte(tmp_path: Path) -> None:
    path = saved(tmp_path, b"text\nfine\np\xe5 tide\n")
    with pytest.raises(CommentFileError, match=r"line 3, byte 11 \(0xE5\) is not utf-8; leave --encoding out"):
        open_comments(path, encoding="utf-8")


def test_damaged_utf8_is_an_error_not_garbled_text(tmp_path: Path) -> None:
    lines = ["på", "gjør", "bedømt", "æøå", "blåbær"] * 10
    content = b"text\n" + "\n".join(lines).encode() + b"\ncut \xc3\nend\n"
    with pytest.raises(CommentFileError, match=r"line 52, byte \d+ \(0xC3\) is not UTF-8.*--encoding NAME"):
        open_comments(saved(tmp_path, content))


def test_bytes_that_fit_no_encoding_name_line_and_byte(tmp_path: Path) -> None:
    with pytest.raises(CommentFileError, match=r"line 2, byte 5 \(0x81\)"):
        open_comments(saved(tmp_path, b"text\n\x81\x98\xff \xff\x81\n"))


def test_utf16_without_its_mark_is_named(tmp_path: Path) -> None:
    path = saved(tmp_path, "text\nhei du der\n".encode("utf-16-le"))
    with pytest.raises(CommentFileError, match="--encoding utf-16-le"):
        open_comments(path)
    with open_comments(path, encoding="utf-16-le") as reader:
        assert next(iter(reader)) == [{"text": "hei du der"}]


def test_a_file_cut_inside_its_promised_encoding_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(CommentFileError, match="is not utf-16, which the file's first bytes promise"):
        open_comments(saved(tmp_path, "text\nhei\n".encode("utf-16")[:-1]))

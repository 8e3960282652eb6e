"""Finds the column of a table that holds the customers' comments."""

import math
import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from recontact_data.errors import ColumnError

SAMPLE_ROWS = 200
CURE = "name the right one with --text-column NAME"

# Usual names, as `_plain` writes them: lower case, no accents, words apart.
USUAL_NAMES = frozenset(
    line.strip()
    for line in """
    comment, comments, customer comment, text, feedback, verbatim, verbatims, free text, freetext, open text
    open ended, open answer, response text, review, review text, remark, remarks, message, body, answer text
    kommentar, kommentarer, tekst, fritekst, svar, tilbakemelding, tilbakemeldinger, merknad, tilbagemelding
    bemaerkning, bemaerkninger, fritext, omdome, aterkoppling, synpunkter, kommentti
    kommentit, palaute, teksti, vapaa teksti, avoin palaute, athugasemd, athugasemdir, umsogn, texti, kommentare
    freitext, anmerkung, anmerkungen, ruckmeldung, rueckmeldung, bewertungstext, nachricht, opmerking, opmerkingen
    toelichting, reactie, tekstreactie, commentaire, commentaires, remarque, remarques, avis, texte, texte libre
    comentario, comentarios, opinion, opiniones, observaciones, texto, texto libre, observacao, observacoes, texto livre
    commento, commenti, osservazioni, testo, testo libero, komentarz, komentarze, opinia, uwagi, tresc, tekst komentarza
    komentar, komentare, poznamka, pripominka, zpetna vazba, vyjadreni, kommentarii, otzyv
    комментарии, комментарий, отзыв, отзывы, текст, сообщение, ответ, коментар, коментари, обратна връзка, мнение
    забележка, відгук, відгуки, коментарі, повідомлення, yorum, yorumlar, musteri yorumu, aciklama, gorus, metin
    评论, 評論, 意见, 意見, 留言, 内容, 內容, 反馈, 反饋, 文本, 评价, 評價, 客户评论, 客户反馈, 评论内容
    建议, 備註, 备注
    """.replace("\n", ",").split(",")
    if line.strip()
)
# Long enough to be told inside a compound: "Kundekommentar", "commentfield", "客户意见".
_COMPOUND_PARTS = tuple(sorted(n for n in USUAL_NAMES if " " not in n and (len(n) >= 6 or not n[0].isascii())))
_NOT_THE_TEXT = frozenset(
    word.strip()
    for word in """
    id, nr, no, number, num, count, length, len, date, dato, datum, fecha, data, time, tid, score, rating, language
    lang, sprog, sprak, sprache, langue, idioma, type, kind, source, channel, kanal, status, code, kode, flag
    sentiment, label, category, kategori, topic, author, user, by, url, link
    """.replace("\n", ",").split(",")
    if word.strip()
)
_DATE = re.compile(r"\d{1,4}[-./]\d{1,2}[-./]\d{1,4}([ T].*)?")
_NUMBER = re.compile(r"[+-]?[\d\s.,]+\s*[%€$£]?")
_IDENTIFIER = re.compile(r"(?=\S*\d)[\w.@:/+#-]+")
_SPELT_OUT = str.maketrans({"ø": "o", "\u0131": "i", "æ": "ae", "å": "a"})
_CJK = re.compile("[\u3040-\u30ff\u3400-\u9fff]")


def find_text_column(columns: Sequence[str], wanted: str | None, sample: Callable[[], Iterable[dict[str, Any]]]) -> str:
    """Returns the name of the column with the comments.

    Args:
        columns: The table's column names.
        wanted: The name the user gave, if any: exact, else in any case if that is unique.
        sample: Gives some rows; called only where the names do not decide.

    Raises:
        ColumnError: `wanted` is not there or ambiguous, or no single column is the obvious choice.
    """
    if wanted is not None:
        return named_column(columns, wanted, "--text-column")
    if len(columns) == 1:
        return columns[0]
    usual = [column for column in columns if _plain(column) in USUAL_NAMES]
    if len(usual) == 1:
        return usual[0]
    rows = list(sample())
    values = {column: [row[column] for row in rows if not _is_blank(row.get(column))] for column in columns}
    related = [c for c in columns if _resembles_usual_name(c) and not _is_code(values[c])]
    if not usual and len(related) == 1:
        return related[0]
    free = [column for column in columns if is_free_text(values[column])]
    if len(free) == 1:
        return free[0]
    found = f"{len(free)} columns could hold the comments" if free else "no column is clearly the one with the comments"
    raise ColumnError(f"{found}; {CURE}; the columns are: {listed(columns)}")


def named_column(columns: Sequence[str], wanted: str, option: str) -> str:
    """Returns the column of a name that a user gave: exact, else in any case if that is unique.

    Args:
        columns: The table's column names.
        wanted: The name.
        option: The option it was given with.

    Raises:
        ColumnError: there is none, or more than one.
    """
    if wanted in columns:
        return wanted
    alike = [column for column in columns if column.strip().casefold() == wanted.strip().casefold()]
    if len(alike) == 1:
        return alike[0]
    if alike:
        raise ColumnError(f"{wanted!r} could be any of {listed(alike)}; write {option} exactly as in the file")
    raise ColumnError(
        f"no column {wanted!r}; name the right one with {option} NAME; the columns are: {listed(columns)}"
    )


def listed(columns: Sequence[str], most: int = 30) -> str:
    """Writes column names in one line, cut after `most`."""
    more = f" and {len(columns) - most} more" if len(columns) > most else ""
    return ", ".join(repr(column) for column in columns[:most]) + more


def is_free_text(values: Sequence[Any]) -> bool:
    """Tells whether non-blank values read like comments: several words each, most of them distinct."""
    texts = [value.strip() for value in values if isinstance(value, str)]
    if not texts or len(texts) < len(values) or _is_code(texts):
        return False
    joined = "".join(texts)
    if len(_CJK.findall(joined)) > 0.3 * len(joined):
        long_enough = len(joined) / len(texts) >= 8
    else:
        long_enough = sum(len(text.split()) for text in texts) / len(texts) >= 4
    return long_enough and len(set(texts)) > 0.5 * len(texts)


def _plain(name: str) -> str:
    spaced = re.sub(r"(?<=[a-zà-ÿ])(?=[A-Z])", " ", unicodedata.normalize("NFKC", name)).casefold()
    letters = unicodedata.normalize("NFD", spaced.translate(_SPELT_OUT))
    # Cyrillic й and ї are letters of their own: only marks on Latin letters go.
    bare = re.sub(r"(?<=[a-z])[\u0300-\u036f]+", "", letters)
    return " ".join(re.findall(r"\w+", unicodedata.normalize("NFC", bare).replace("_", " ")))


def _resembles_usual_name(column: str) -> bool:
    words = _plain(column).split()
    if not words or _NOT_THE_TEXT & set(words):
        return False
    edges = {" ".join(words[:n]) for n in (1, 2)} | {" ".join(words[-n:]) for n in (1, 2)}
    if edges & USUAL_NAMES:
        return True
    return words[-1].endswith(_COMPOUND_PARTS) or words[0].startswith(_COMPOUND_PARTS)


def _is_code(values: Sequence[Any]) -> bool:
    texts = [value.strip() for value in values if isinstance(value, str)]
    if len(texts) < len(values):
        return True
    codes = sum(any(kind.fullmatch(text) for kind in (_NUMBER, _DATE, _IDENTIFIER)) for text in texts)
    return codes > 0.5 * len(texts)


def _is_blank(value: Any) -> bool:
    return value is None or (isinstance(value, float) and math.isnan(value)) or str(value).strip() == ""

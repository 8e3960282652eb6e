"""Finds the encoding of a text file: BOM, else strict UTF-8, else the likeliest of three code pages."""

import codecs
import re
from dataclasses import dataclass
from pathlib import Path

from charset_normalizer import from_bytes

from recontact_data.errors import CommentFileError

CODE_PAGES = ("cp1252", "cp1251", "gb18030")
BLOCK_BYTES = 1 << 20
SAMPLE_BYTES = 1 << 18

# UTF-32 first: its little-endian mark begins with that of UTF-16.
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_HIGH_RUN = re.compile(rb"[\x80-\xff]+")
# 0x80 to 0x9F are curly quotes, dashes and the euro sign in cp1252 and cp1251, and may stand side by side.
_LETTER_RUN = re.compile(rb"[\xa0-\xff]+")
_LONE_RUN = re.compile(rb"(?<![A-Za-z\xa0-\xff])[\xa0-\xff]+(?![A-Za-z\xa0-\xff])")
_UTF8_CHARACTER = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")
_CYRILLIC = re.compile("[\u0400-\u04ff]")
_CJK = re.compile("[\u3000-\u303f\u4e00-\u9fff\uff00-\uffef]")


@dataclass(frozen=True)
class TextEncoding:
    """How the bytes of a file become text.

    Attributes:
        name: Python codec name; `utf-8-sig` and `utf-16` where a byte order mark says so.
        bom: Whether the file begins with a byte order mark.
        guessed: Whether `name` is the likeliest of several that fit, rather than known.
    """

    name: str
    bom: bool
    guessed: bool = False


@dataclass(frozen=True)
class Undecodable:
    """The first byte that an encoding cannot read: counted from 1 in lines, from 0 in bytes."""

    line: int
    offset: int
    byte: int

    def __str__(self) -> str:
        return f"line {self.line}, byte {self.offset} (0x{self.byte:02X})"


def find_encoding(path: Path, name: str, wanted: str | None = None) -> TextEncoding:
    """Finds an encoding that decodes the whole file without an error.

    Args:
        path: The file.
        name: What to call the file in messages.
        wanted: A codec name to use instead of looking for one.

    Returns:
        The encoding, the whole file already decoded with it once.

    Raises:
        CommentFileError: `wanted` is unknown or does not fit, or no known encoding fits; the message
            names the line and the byte.
    """
    mark = _mark_of(path)
    if wanted is not None:
        return _as_wanted(path, name, wanted, mark)
    encoding = mark or "utf-8"
    problem = first_undecodable(path, encoding)
    if problem is None:
        if mark is None:
            _refuse_unmarked_utf16(path, name)
        return TextEncoding(encoding, bom=mark is not None)
    if mark is not None:
        raise CommentFileError(
            f"{name}: {problem} is not {mark}, which the file's first bytes promise; save it again as UTF-8"
        )
    return TextEncoding(_guess(path, name, problem), bom=False, guessed=True)


def first_undecodable(path: Path, encoding: str) -> Undecodable | None:
    """Decodes a file block by block and returns where it first fails, or None."""
    decoder = codecs.getincrementaldecoder(encoding)()
    lines = offset = 0
    with path.open("rb") as file:
        while True:
            block = file.read(BLOCK_BYTES)
            pending = len(decoder.getstate()[0])
            try:
                lines += decoder.decode(block, final=not block).count("\n")
            except UnicodeDecodeError as error:
                before = error.object[: error.start].decode(encoding, errors="ignore").count("\n")
                return Undecodable(lines + before + 1, offset - pending + error.start, error.object[error.start])
            if not block:
                return None
            offset += len(block)


def _mark_of(path: Path) -> str | None:
    with path.open("rb") as file:
        head = file.read(4)
    return next((encoding for mark, encoding in _MARKS if head.startswith(mark)), None)


def _as_wanted(path: Path, name: str, wanted: str, mark: str | None) -> TextEncoding:
    try:
        b"a".decode(wanted, errors="ignore")
    except LookupError as error:
        raise CommentFileError(
            f"unknown encoding {wanted!r}; give --encoding a name like utf-8, cp1252, cp1251 or gb18030"
        ) from error
    problem = first_undecodable(path, wanted)
    if problem is not None:
        raise CommentFileError(
            f"{name}: {problem} is not {wanted}; leave --encoding out to have it found, or give another"
        )
    return TextEncoding(wanted, bom=mark is not None)


def _refuse_unmarked_utf16(path: Path, name: str) -> None:
    with path.open("rb") as file:
        head = file.read(4096)
    for start, encoding in ((1, "utf-16-le"), (0, "utf-16-be")):
        half = head[start::2]
        if len(half) > 4 and half.count(0) > 0.4 * len(half):
            raise CommentFileError(
                f"{name}: every other byte is zero: this looks like UTF-16 without its mark; give --encoding {encoding}"
            )


def _guess(path: Path, name: str, problem: Undecodable) -> str:
    sample = _lines_with_high_bytes(path)
    high = sum(len(run) for run in _HIGH_RUN.findall(sample))
    utf8 = sum(len(character) for character in _UTF8_CHARACTER.findall(sample))
    fitting = [page for page in CODE_PAGES if first_undecodable(path, page) is None]
    # Text of another encoding almost never looks like UTF-8, so a file that nearly is one is a
    # damaged one, and reading it as a code page would garble every accent in it.
    if utf8 > 0.8 * high or not fitting:
        raise CommentFileError(
            f"{name}: {problem} is not UTF-8, nor does the file fit {', '.join(CODE_PAGES)}; "
            "mend that line or give its encoding with --encoding NAME"
        )
    return likeliest_code_page(sample, fitting)


def _lines_with_high_bytes(path: Path) -> bytes:
    lines, size = [], 0
    with path.open("rb") as file:
        while size < SAMPLE_BYTES and (line := file.readline(SAMPLE_BYTES)):
            if not line.isascii():
                lines.append(line)
                size += len(line)
    return b"".join(lines)


def likeliest_code_page(sample: bytes, fitting: list[str]) -> str:
    """Tells Windows-1252, Windows-1251 and GB18030 apart.

    Letters outside ASCII stand alone or beside ASCII ones in Western words and fill whole words in
    Cyrillic and Chinese; that decides more surely than statistics on the few accents of a short file. Between the other
    two charset-normalizer decides, or, where it finds none good enough, the share of letters that
    belong to the script.

    Args:
        sample: Lines of the file that hold bytes outside ASCII.
        fitting: The code pages that decode the whole file; at least one.

    Returns:
        One of `fitting`.
    """
    runs = _LETTER_RUN.findall(sample)
    mean_run = sum(len(run) for run in runs) / max(len(runs), 1)
    beside_ascii = len(runs) - len(_LONE_RUN.findall(sample))
    if "cp1252" in fitting and (mean_run < 1.8 or (mean_run < 2.2 and beside_ascii > 0.5 * len(runs))):
        return "cp1252"
    best = from_bytes(sample, cp_isolation=list(fitting), enable_fallback=False).best()
    if best is not None and best.encoding in fitting:
        return best.encoding
    return max(fitting, key=lambda page: _script_share(sample, page))


def _script_share(sample: bytes, page: str) -> float:
    text = sample.decode(page, errors="ignore")
    beyond_ascii = [character for character in text if not character.isascii()]
    script = {"cp1251": _CYRILLIC, "gb18030": _CJK}.get(page)
    if script is None:
        return 0.0
    return sum(bool(script.match(character)) for character in beyond_ascii) / max(len(beyond_ascii), 1)

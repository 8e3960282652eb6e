"""Text: from comments to the pieces a model reads, in windows where a comment is long."""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tokenizers import Encoding, Tokenizer

from recontact.spelling import Restored, restore
from recontact_data.errors import ModelError
from recontact_data.language import UNKNOWN

MOST_WINDOWS = 32
OVERLAP = 4  # neighbouring windows share at least one fourth of what a window holds

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Window:
    """A stretch of a comment that the model reads at once.

    Attributes:
        ids: Piece ids with the special ones, `max_length` at most.
        start: Number of the comment's pieces before it.
        end: Number of the comment's pieces before it and in it.
    """

    ids: list[int]
    start: int
    end: int


@dataclass(frozen=True)
class Pieces:
    """One comment as the model reads it.

    Attributes:
        windows: One, or for a long comment several that overlap, in order.
        offsets: Characters (start, end) of the comment for each piece that some window holds, special pieces left out.
        before: Special pieces at the start of each window.
        truncated: Whether the comment went on after the last window.
        language: Code of the comment's language, if it was looked into.
    """

    windows: tuple[Window, ...]
    offsets: list[tuple[int, int]]
    before: int
    truncated: bool
    language: str = UNKNOWN


class TextEncoder:
    """A model's tokenizer; comments of more than `max_length` pieces are read in windows."""

    def __init__(self, folder: Path, max_length: int, *, as_typed: bool = False) -> None:
        """Reads `tokenizer.json` of a model folder.

        Args:
            folder: The model folder.
            max_length: Pieces that the model reads at once.
            as_typed: Whether comments are read with their slips and without the accents they lack.

        Raises:
            ModelError: the file is missing or damaged.
        """
        try:
            self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        except Exception as error:  # tokenizers raises plain Exception
            raise ModelError(f"{folder / 'tokenizer.json'} cannot be read ({error}); copy the model again") from error
        self._tokenizer.no_padding()
        self._tokenizer.no_truncation()
        self._max_length = max_length
        self._read = Restored.as_typed if as_typed else restore

    def encode(self, texts: Sequence[str]) -> list[Pieces]:
        """Pieces of each comment, of its words as they were meant (`recontact.spelling`)."""
        comments = [self._read(text) for text in texts]
        encodings = self._tokenizer.encode_batch([comment.text for comment in comments])
        return [self._pieces(*pair) for pair in zip(comments, encodings, strict=True)]

    def _pieces(self, comment: Restored, encoding: Encoding) -> Pieces:
        pieces = cut_windows(encoding, self._max_length)
        offsets = [comment.original(*place) for place in pieces.offsets] if comment.changes else pieces.offsets
        return replace(pieces, offsets=offsets, language=comment.language)


def cut_windows(encoding: Encoding, max_length: int) -> Pieces:
    """Cuts the pieces of a whole comment into windows, each with the special pieces of the tokenizer.

    Args:
        encoding: What a tokenizer without truncation makes of the comment.
        max_length: Pieces that the model reads at once, special ones included.

    Raises:
        ModelError: `max_length` leaves no room beside the special pieces.
    """
    ids, special = encoding.ids, encoding.special_tokens_mask
    before = next((k for k, one in enumerate(special) if not one), len(ids))
    after = next((k for k, one in enumerate(reversed(special)) if not one), 0)
    last = len(ids) - after
    room = max_length - before - after
    stretches = window_stretches(last - before, room)
    windows = tuple(
        Window(ids[:before] + ids[before + start : before + end] + ids[last:], start, end) for start, end in stretches
    )
    read = stretches[-1][1]
    return Pieces(windows, encoding.offsets[before : before + read], before, truncated=read < last - before)


def window_stretches(length: int, room: int) -> list[tuple[int, int]]:
    """Where the windows of a comment start and end, in pieces.

    They are as few as overlaps of a fourth allow, all full, and spread evenly; after `MOST_WINDOWS` the
    rest is left unread.

    Args:
        length: Pieces of the comment, special ones left out.
        room: Pieces a window holds, special ones left out.

    Raises:
        ModelError: there is no room.
    """
    if room < 1:
        raise ModelError(f"a window has room for {room} pieces of a comment; raise max_length and train again")
    if length <= room:
        return [(0, length)]
    step = room - room // OVERLAP
    count = min(1 - (room - length) // step, MOST_WINDOWS)  # one, and as many as the rest needs, rounded up
    spread = min(length - room, (count - 1) * step)
    starts = [k * spread // (count - 1) for k in range(count)]
    return [(start, start + room) for start in starts]


def merge_windows(pieces: Pieces, logits: Sequence[Floats], piece_logits: Sequence[Floats]) -> tuple[Floats, Floats]:
    """One answer from those of the windows.

    A cause gets its highest logit: a comment states what any stretch of it states. If each window's
    probability is right, the highest of them is the least that the comment's can be, so it does not claim too
    much. In practice the chance of one window being wrong grows with their number: calibration is
    measured on comments of one window nearly all, and long ones get a cause rather than none more often.

    A piece gets the logits of the window that has most context around it: the one where it lies
    farthest from a cut, the first of equals.

    Args:
        pieces: The comment.
        logits: Of each window, shape (n_causes,).
        piece_logits: Of each window's pieces, special ones too, shape (length, n_causes).

    Returns:
        Logits of the causes, shape (n_causes,), and of `pieces.offsets`, shape (n_pieces, n_causes).
    """
    merged = np.zeros((len(pieces.offsets), logits[0].shape[0]), dtype=np.float32)
    context = np.full(len(merged), -1)
    for window, rows in zip(pieces.windows, piece_logits, strict=True):
        here = np.arange(window.start, window.end)
        # The ends of the comment are no cuts: nothing is missing there.
        left = here - window.start if window.start else np.full(len(here), len(merged))
        right = window.end - 1 - here if window is not pieces.windows[-1] else np.full(len(here), len(merged))
        depth = np.minimum(left, right)
        better = depth > context[here]
        context[here[better]] = depth[better]
        merged[here[better]] = rows[pieces.before : pieces.before + len(here)][better]
    return np.max(np.stack(logits), axis=0), merged


def is_blank(text: str) -> bool:
    """Whether a comment holds no letter, digit or emoji."""
    return not any(character.isalnum() or unicodedata.category(character) in ("So", "Sk") for character in text)

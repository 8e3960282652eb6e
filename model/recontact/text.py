"""Text: from comments to the pieces a model reads."""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tokenizers import Tokenizer

from recontact_data.errors import ModelError


@dataclass(frozen=True)
class Pieces:
    """One comment as the model reads it.

    Attributes:
        ids: Piece ids with the special ones, between 2 and `max_length`.
        offsets: Characters (start, end) of each piece in the comment; empty for special pieces.
        truncated: Whether the comment went on.
    """

    ids: list[int]
    offsets: list[tuple[int, int]]
    truncated: bool


class TextEncoder:
    """A model's tokenizer; comments are cut at `max_length` pieces and say so."""

    def __init__(self, folder: Path, max_length: int) -> None:
        """Reads `tokenizer.json` of a model folder.

        Raises:
            ModelError: the file is missing or damaged.
        """
        try:
            self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        except Exception as error:  # tokenizers raises plain Exception
            raise ModelError(f"{folder / 'tokenizer.json'} cannot be read ({error}); copy the model again") from error
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(max_length)

    def encode(self, texts: Sequence[str]) -> list[Pieces]:
        """Pieces of each comment."""
        return [
            Pieces(list(e.ids), list(e.offsets), truncated=bool(e.overflowing))
            for e in self._tokenizer.encode_batch(list(texts))
        ]


def is_blank(text: str) -> bool:
    """Whether a comment holds no letter, digit or emoji."""
    return not any(character.isalnum() or unicodedata.category(character) in ("So", "Sk") for character in text)

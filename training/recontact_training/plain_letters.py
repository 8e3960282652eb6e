"""Plain letters: a vocabulary that reads "losning" as it reads "løsning".

Many write without accents, by haste or for want of a key. A tokenizer that folds letters to their plain form gives
both spellings the same pieces, so that the same answer follows. Each piece keeps its embedding under its plain name;
pieces that become one share the mean of their embeddings, weighted by how likely each is.
"""

import json
import math
from collections import defaultdict

import numpy as np
import torch
from tokenizers import Tokenizer, models, normalizers
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from recontact_data.errors import ModelError
from recontact_training.student import word_embeddings

LETTERS_OF_THEIR_OWN = {"и\u0306": "й", "і\u0308": "ї"}
"""Nobody leaves these marks out: they tell letters apart that every keyboard has."""
PLAIN = {
    "ø": "o", "æ": "ae", "œ": "oe", "ß": "ss", "ð": "d", "đ": "d", "þ": "th", "ı": "i", "ł": "l",
    "’": "'", "‘": "'", "ʼ": "'",
}  # fmt: skip
"""Letters and signs that Unicode does not take apart by itself."""


def plain_normalizer(before: normalizers.Normalizer | None) -> normalizers.Normalizer:
    """What a tokenizer does to its text before all else, and behind it the folding; small letters are expected."""
    return normalizers.Sequence(
        [
            *([before] if before else []),
            normalizers.NFD(),
            *(normalizers.Replace(marked, own) for marked, own in LETTERS_OF_THEIR_OWN.items()),
            normalizers.StripAccents(),
            *(normalizers.Replace(letter, plain) for letter, plain in PLAIN.items()),
            normalizers.NFC(),
        ]
    )


def is_plain(tokenizer: Tokenizer) -> bool:
    """Whether a tokenizer takes accents away already."""
    return "StripAccents" in json.dumps(json.loads(tokenizer.to_str())["normalizer"])


def read_plain_letters(model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase) -> None:
    """Has a model and its tokenizer read letters in their plain form; both are changed in place.

    A vocabulary that is plain already stays as it is.

    Args:
        model: Any model with word embeddings.
        tokenizer: Its fast tokenizer, with a Unigram vocabulary of small letters.

    Raises:
        ModelError: the vocabulary is of another kind.
    """
    inner = tokenizer.backend_tokenizer
    if is_plain(inner):
        return
    stored = json.loads(inner.to_str())
    if stored["model"]["type"] != "Unigram":
        raise ModelError(
            f"plain_letters needs a Unigram vocabulary, and this one is {stored['model']['type']}; take the dial out"
        )
    normalizer = plain_normalizer(inner.normalizer)
    pieces: list[tuple[str, float]] = [(text, score) for text, score in stored["model"]["vocab"]]
    special = {token["content"] for token in stored["added_tokens"]}
    same: dict[str, list[int]] = defaultdict(list)
    for index, (text, _) in enumerate(pieces):
        same[text if text in special else normalizer.normalize_str(text)].append(index)
    weights = word_embeddings(model)
    old = weights.detach().clone()
    named = list(pieces)
    with torch.no_grad():
        for text, indices in same.items():
            # The others of a group keep their names, which no text leads to any more.
            kept = next((i for i in indices if pieces[i][0] == text), max(indices, key=lambda i: pieces[i][1]))
            scores = np.array([pieces[i][1] for i in indices])
            likely = np.exp(scores - scores.max())
            named[kept] = text, float(scores.max() + math.log(likely.sum()))
            share = torch.from_numpy(likely / likely.sum()).to(old)
            weights[kept] = share @ old[indices]
    inner.model = models.Unigram(named, stored["model"]["unk_id"], stored["model"].get("byte_fallback", False))
    inner.normalizer = normalizer

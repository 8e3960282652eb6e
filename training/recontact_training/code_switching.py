"""Code-switching: English lines with words put into another language by a dictionary, so that rare words meet company.

After Qin et al. (2020), "CoSDA-ML: Multi-Lingual Code-Switching Data Augmentation for Zero-Shot
Cross-Lingual NLP", section 3. Of several translations the more common one is drawn more often.
"""

import random
import re
from collections import Counter
from collections.abc import Mapping, Sequence, Set
from typing import Any

from recontact_training.corpus import Pair

WORD = re.compile(r"(\w+)")
HAN = re.compile(r"[\u3400-\u9fff]")
REPLACED = 0.7  # share of the words that are replaced, of those that the dictionary knows
SHORTEST = 4  # letters of an English word; of shorter ones dictionaries know what a text seldom means
LONGEST = 3  # words of a phrase
RARE = 0.01  # what a translation counts that the text never has
ENDINGS = (("s", ""), ("es", ""), ("ies", "y"), ("ed", ""), ("ed", "e"), ("ing", ""), ("ing", "e"))


def code_switched(
    lines: Sequence[str], entries: Sequence[Pair], other_lines: Sequence[str], count: int, seed: str
) -> list[Pair]:
    """Draws English lines and replaces words in them.

    Args:
        lines: English lines.
        entries: Dictionary entries (English word or phrase, other).
        other_lines: Text of the other language, in which translations are counted.
        count: How many lines are drawn, each at most once.
        seed: Seed of every draw; with another one for each language, each gets lines of its own.

    Returns:
        (English line, the same with words replaced), for the drawn lines with a word that the dictionary knows.
    """
    seen = _counts({_key(other) for _, other in entries}, other_lines)
    choices: dict[str, tuple[list[str], list[float]]] = {}
    for english, other in entries:
        if len(english) >= SHORTEST:
            words, weights = choices.setdefault(_key(english), ([], []))
            words.append(other)
            weights.append(seen[_key(other)] + RARE)
    draw = random.Random(seed)
    found = []
    for line in draw.sample(lines, min(count, len(lines))):
        parts = WORD.split(line)  # words at odd places, what stands between them at even ones
        place = 1
        while place < len(parts):
            for length in range(min(LONGEST, (len(parts) - place + 1) // 2), 0, -1):
                end = place + 2 * length - 1
                words_here = parts[place:end:2]
                choice = choices.get(" ".join(words_here).lower() if length > 1 else _base(words_here[0], choices))
                if choice and draw.random() < REPLACED:
                    parts[place:end] = draw.choices(*choice)
                    break
            place += 2
        if (mixed := "".join(parts)) != line:
            found.append((line, mixed))
    return found


def _key(text: str) -> str:
    """A word or phrase as it is counted: its words in lower case, one space between them."""
    return " ".join(WORD.findall(text.lower()))


def _base(word: str, known: Mapping[str, Any]) -> str:
    """An English word as the dictionary knows it: itself, or without its ending."""
    word = word.lower()
    if word in known:
        return word
    for ending, instead in ENDINGS:
        if word.endswith(ending) and (base := word[: len(word) - len(ending)] + instead) in known:
            return base
    return word


def _counts(wanted: Set[str], lines: Sequence[str]) -> Counter[str]:
    """How often each wanted word or phrase stands in lines; of Han text, each run of one to four characters."""
    longest = min(LONGEST, max((key.count(" ") + 1 for key in wanted), default=1))
    found = Counter[str]()
    for line in lines:
        words = WORD.findall(line.lower())
        for length in range(1, longest + 1):
            runs = words if length == 1 else [" ".join(words[i : i + length]) for i in range(len(words) - length + 1)]
            found.update(run for run in runs if run in wanted)
        for word in filter(HAN.search, words):
            runs = [word[i : i + n] for n in range(1, 5) for i in range(len(word) - n + 1)]
            found.update(run for run in runs if run in wanted and run != word)
    return found

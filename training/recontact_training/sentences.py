"""Labelled sentences: those of customer service that ship in all languages, with the causes they state.

Most stand in pairs of which one states a cause and the other the very opposite ("he wrote", "he hasn't"), in every
language alike: a small encoder that knows topics first learns from them which words decide. Nothing is measured on
them.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from recontact_data.errors import LabelError
from recontact_data.labels import LabelledComment
from recontact_data.taxonomy import NONE, Taxonomy
from recontact_training.corpus import DOMAIN, domain_pairs, read_pairs

CAUSES = DOMAIN / "causes.tsv"
LANGUAGES = ("en", *sorted(path.stem for path in DOMAIN.glob("??.tsv")))


def labelled_sentences(taxonomy: Taxonomy, share: float, seed: int) -> list[LabelledComment]:
    """Sentences to train on beside comments; none where the taxonomy has other causes than they were labelled with.

    Each is read in the languages that have it; evidence is not marked.

    Args:
        taxonomy: The causes.
        share: Share of all sentences in all languages that is drawn.
        seed: Seed of the draw.

    Raises:
        LabelError: a labelled sentence is not among the English ones.
    """
    causes = {text: tuple(c for c in stated.split(";") if c != NONE) for text, stated in read_pairs(CAUSES)}
    if {cause for stated in causes.values() for cause in stated} != set(taxonomy.ids):
        return []
    rows = [row for language in LANGUAGES for row in _of_language(language, causes)]
    chosen = np.random.default_rng(seed).permutation(len(rows))[: round(share * len(rows))]
    return [rows[k] for k in sorted(chosen)]


def _of_language(language: str, causes: Mapping[str, Sequence[str]]) -> list[LabelledComment]:
    texts = dict(domain_pairs(language))
    if language == "en" and (missing := [text for text in causes if text not in texts]):
        raise LabelError(f"{CAUSES.name} labels {missing[0]!r}, which en.txt lacks; mend either file")
    return [
        LabelledComment(
            id=f"sentence-{language}-{k}", text=texts[text], language=language, labels=tuple(stated),
            primary=stated[0] if stated else NONE, split="train",
        )
        for k, (text, stated) in enumerate(causes.items(), start=1)
        if text in texts
    ]  # fmt: skip

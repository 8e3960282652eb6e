"""Traditional: Chinese text in the characters and words of Taiwan, made from Simplified."""

from collections.abc import Sequence

import numpy as np
from opencc import OpenCC


def in_traditional(texts: Sequence[str], share: float, seed: int) -> list[str]:
    """The texts, a drawn share of them turned (OpenCC's `s2twp`).

    Args:
        texts: Chinese texts.
        share: Share that is turned, 0 to 1.
        seed: Seed of the draw.
    """
    if not share:
        return list(texts)
    turned = np.random.default_rng(seed).random(len(texts)) < share
    convert = OpenCC("s2twp").convert
    return [convert(text) if turn else text for text, turn in zip(texts, turned, strict=True)]

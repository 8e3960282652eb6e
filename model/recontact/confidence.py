"""Confidence: from the probability behind an answer to the share of such answers that are right.

The highest of several probabilities promises too much, since it was chosen for being the highest; one minus it, the
probability behind a `none`, even more so, since that is right only where every cause is absent. Each kind of answer has
a scale and a shift of its logit (Platt 1999, as `recontact.calibration` for the causes), so order within a kind stays.
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

LEAST = 1e-4  # doubt that is left in any answer


@dataclass(frozen=True)
class ConfidenceFit:
    """How far the probability behind an answer is believed; as it is, where nothing was found out.

    Attributes:
        named: Scale and shift where a cause is named.
        none: Scale and shift where none is.
    """

    named: tuple[float, float] = (1.0, 0.0)
    none: tuple[float, float] = (1.0, 0.0)

    def __call__(self, behind: float, named: bool) -> float:
        """Share of right answers among those with such a probability behind them.

        Args:
            behind: Probability of the cause named; of a `none`, one minus the highest.
            named: Whether a cause is named.
        """
        scale, shift = self.named if named else self.none
        if (scale, shift) == (1.0, 0.0):
            return behind
        return (1 + math.tanh((scale * float(logit_of(behind)) + shift) / 2)) / 2

    @classmethod
    def from_json(cls, values: Any) -> "ConfidenceFit":
        """Reads what `dataclasses.asdict` made of it.

        Raises:
            ValueError, KeyError, TypeError: it is no such thing, or confidence would not rise with the probability.
        """
        named, none = ((float(scale), float(shift)) for scale, shift in (values["named"], values["none"]))
        for scale, shift in (named, none):
            if not (0 < scale < math.inf and math.isfinite(shift)):
                raise ValueError(f"confidence has the scale {scale} and the shift {shift}")
        return cls(named, none)


AS_IT_IS = ConfidenceFit()


def logit_of(probabilities: Any) -> NDArray[np.float64]:
    """Logits of probabilities of any shape, none of which is taken for certain."""
    kept = np.clip(np.asarray(probabilities, dtype=np.float64), LEAST, 1 - LEAST)
    return np.asarray(np.log(kept) - np.log1p(-kept))

"""The columns that classification adds to a file of comments."""

from dataclasses import dataclass
from typing import Any

from recontact import Prediction
from recontact_data.taxonomy import Taxonomy

ANSWER = ("cause", "causes", "confidence", "language", "needs_review", "model_version")
BETWEEN = " … "  # stretches of one cause that do not touch


@dataclass(frozen=True)
class AnswerColumns:
    """Names and cells of the added columns.

    Attributes:
        taxonomy: The causes.
        evidence: Whether each cause has a column more, with the words that state it.
    """

    taxonomy: Taxonomy
    evidence: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        """The columns, in order."""
        kinds = ("prob", "evidence") if self.evidence else ("prob",)
        return ANSWER + tuple(f"{kind}_{cause}" for kind in kinds for cause in self.taxonomy.ids)

    def cells(self, text: str, prediction: Prediction) -> dict[str, Any]:
        """What the answer to a comment puts into them; numbers rounded to four decimals."""
        cells: dict[str, Any] = {name: getattr(prediction, name) for name in ANSWER}
        cells["causes"] = list(prediction.causes)
        cells["confidence"] = round(prediction.confidence, 4)
        cells |= {f"prob_{cause}": round(p, 4) for cause, p in prediction.probabilities.items()}
        if self.evidence:
            for cause in self.taxonomy.ids:
                words = [text[found.start : found.end] for found in prediction.evidence if found.cause == cause]
                cells[f"evidence_{cause}"] = BETWEEN.join(words)
        return cells

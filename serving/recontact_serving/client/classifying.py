"""Comments to predictions, in as many requests as it takes; and what is known of the model behind them."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

from recontact import Prediction
from recontact_data.errors import RecontactError
from recontact_serving.client import answers
from recontact_serving.client.exchange import Ask, Exchange, Steps, parsed

START, END = b'{"texts":[', b"]"
JSON = {"content-type": "application/json"}


@dataclass(frozen=True)
class Limits:
    """What the server takes at once.

    Attributes:
        texts: Comments a request.
        bytes: Bytes a request.
        at_once: Requests.
    """

    texts: int
    bytes: int
    at_once: int = 1

    def __post_init__(self) -> None:
        if (least := min(self.texts, self.bytes, self.at_once)) < 1:
            raise RecontactError(f"max_texts, max_bytes and at_once must be at least 1, not {least}")


@dataclass(frozen=True)
class Wanted:
    """What is asked of each comment.

    Attributes:
        evidence: Whether to be told the words that state each cause.
        probabilities: Whether to be told the probability of each cause.
        min_precision: How often a cause that is stated must be right; None to cut where the model does.
    """

    evidence: bool = True
    probabilities: bool = True
    min_precision: float | None = None

    def to_json(self) -> bytes:
        """Members of a request, each behind a comma; those that the server takes for granted are left out."""
        usual = Wanted()
        asked = {name: value for name, value in asdict(self).items() if value != getattr(usual, name)}
        return b"".join(f",{json.dumps(name)}:{json.dumps(value)}".encode() for name, value in asked.items())


def classify(exchange: Exchange, texts: Iterable[str], limits: Limits, wanted: Wanted) -> Steps[list[Prediction]]:
    """The steps to predictions, in the order of the comments."""
    found: list[Prediction] = []
    end = END + wanted.to_json() + b"}"
    for batch in batches(_listed(texts), limits, len(START + end)):
        body = START + b",".join(batch) + end
        answer = yield from exchange(Ask("POST", "/v1/classify", {"content": body, "headers": JSON}))
        found += parsed(answer, partial(_predictions, len(batch)))
    return found


def taxonomy(exchange: Exchange, lang: str) -> Steps[answers.Taxonomy]:
    """The steps to the causes, named in a language."""
    answer = yield from exchange(Ask("GET", "/v1/taxonomy", {"params": {"lang": lang}}))
    return parsed(answer, answers.taxonomy)


def health(exchange: Exchange) -> Steps[answers.Health]:
    """The steps to a server's health."""
    answer = yield from exchange(Ask("GET", "/health/ready"))
    return parsed(answer, answers.health)


def batches(texts: Iterable[str], limits: Limits, frame: int) -> Iterator[list[bytes]]:
    """Comments as JSON, in the order given, as many to a list as a request may hold.

    A comment too large for any request is alone in its list; it is for the server to refuse it.

    Args:
        texts: The comments.
        limits: What a request may hold.
        frame: Bytes of a request besides its comments.

    Raises:
        RecontactError: a comment holds half of a character.
    """
    batch, size = list[bytes](), frame
    for number, text in enumerate(texts, 1):
        written = _written(text, number)
        if batch and (len(batch) == limits.texts or size + len(written) + 1 > limits.bytes):
            yield batch
            batch, size = [], frame
        batch.append(written)
        size += len(written) + 1
    if batch:
        yield batch


def _written(text: str, number: int) -> bytes:
    try:
        return json.dumps(text, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise RecontactError(f"text {number} holds half of a character (a lone surrogate); mend it") from None


def _listed(texts: Iterable[str]) -> list[str]:
    listed = list(texts)
    if isinstance(texts, str) or not all(isinstance(text, str) for text in listed):
        raise TypeError("texts must be a list of str")
    return listed


def _predictions(asked: int, content: Any) -> list[Prediction]:
    found = [Prediction.from_dict(one) for one in content["predictions"]]
    if len(found) != asked:
        raise ValueError("not one prediction a comment")
    return found

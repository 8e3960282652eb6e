"""Long comments: windows that cover the whole text, and one answer from them."""

import itertools
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer

from recontact import CauseClassifier
from recontact.artifact import read_manifest, write_manifest
from recontact.calibration import sigmoid
from recontact.text import MOST_WINDOWS, OVERLAP, Pieces, TextEncoder, Window, merge_windows, window_stretches
from recontact_data.errors import ModelError
from recontact_data.labels import LabelledComment

lengths, rooms = st.integers(0, 3000), st.integers(1, 260)


@given(length=lengths, room=rooms)
def test_windows_cover_every_piece_in_order_and_overlap(length: int, room: int) -> None:
    stretches = window_stretches(length, room)
    assert stretches[0][0] == 0
    assert len(stretches) <= MOST_WINDOWS
    if len(stretches) < MOST_WINDOWS:
        assert stretches[-1][1] == length
    for (start, end), (next_start, next_end) in itertools.pairwise(stretches):
        assert start < next_start
        assert end < next_end <= length
        assert end - next_start >= room // OVERLAP


@given(length=lengths, room=rooms)
def test_all_windows_of_a_long_comment_are_full(length: int, room: int) -> None:
    assert {end - start for start, end in window_stretches(length, room)} == {min(length, room)}


@given(room=st.integers(4, 260), extra=st.integers(0, 300))
def test_the_rest_is_left_only_where_no_window_is_left_for_it(room: int, extra: int) -> None:
    most = room + (MOST_WINDOWS - 1) * (room - room // OVERLAP)
    assert window_stretches(most, room)[-1][1] == most
    assert window_stretches(most + extra, room)[-1][1] == most


def test_a_window_without_room_is_refused() -> None:
    with pytest.raises(ModelError, match="raise max_length"):
        window_stretches(10, 0)


@settings(max_examples=50)
@given(
    words=st.lists(st.sampled_from(["they", "never called", "[SEP]", "åæø", "电话", "!!", "  "]), max_size=80),
    max_length=st.integers(3, 40),
)
def test_the_windows_hold_the_pieces_of_the_whole_text(model_folder: Path, words: list[str], max_length: int) -> None:
    text = " ".join(words)
    (pieces,) = TextEncoder(model_folder, max_length).encode([text])
    whole = Tokenizer.from_file(str(model_folder / "tokenizer.json")).encode(text)
    first, *body, last = whole.ids
    for window in pieces.windows:
        assert window.ids == [first, *body[window.start : window.end], last]
        assert len(window.ids) <= max_length
    assert pieces.offsets == whole.offsets[1:-1][: pieces.windows[-1].end]
    assert pieces.truncated == (pieces.windows[-1].end < len(body))


def test_a_text_that_fits_is_read_as_a_whole(model_folder: Path) -> None:
    (pieces,) = TextEncoder(model_folder, 128).encode(["they never called back"])
    whole = Tokenizer.from_file(str(model_folder / "tokenizer.json")).encode("they never called back")
    assert [window.ids for window in pieces.windows] == [whole.ids]


def test_a_piece_gets_the_score_of_the_window_with_most_context() -> None:
    windows = (Window([], 0, 6), Window([], 4, 10))
    pieces = Pieces(windows, [(k, k + 1) for k in range(10)], before=1, truncated=False)
    scores = [np.full((8, 1), 1, dtype=np.float32), np.full((8, 1), 2, dtype=np.float32)]
    logits, merged = merge_windows(pieces, [np.float32([3, -1]), np.float32([1, 4])], scores)
    assert logits.tolist() == [3, 4]
    assert merged[:, 0].tolist() == [1, 1, 1, 1, 1, 2, 2, 2, 2, 2]


@settings(max_examples=30)
@given(length=st.integers(1, 200), room=st.integers(1, 40))
def test_scores_of_pieces_keep_their_place(length: int, room: int) -> None:
    stretches = window_stretches(length, room)
    pieces = Pieces(tuple(Window([], *s) for s in stretches), [(0, 0)] * stretches[-1][1], before=2, truncated=False)
    rows = [np.float32([[-1], [-1], *([k] for k in range(start, end)), [-1]]) for start, end in stretches]
    _, merged = merge_windows(pieces, [np.float32([0])] * len(rows), rows)
    assert merged[:, 0].tolist() == list(range(stretches[-1][1]))


@pytest.fixture(scope="module")
def learnt(classifier: CauseClassifier, rows: list[LabelledComment]) -> LabelledComment:
    """A training comment that the toy model is right about."""
    known = [row for row in rows if row.split == "train" and row.labels]
    return next(row for row in known if classifier.classify([row.text])[0].causes == row.labels)


@pytest.fixture(scope="module")
def narrow(model_folder: Path, learnt: LabelledComment, tmp_path_factory: pytest.TempPathFactory) -> CauseClassifier:
    """The toy model reading as many pieces at once as that comment has."""
    folder = shutil.copytree(model_folder, tmp_path_factory.mktemp("narrow") / "toy")
    (pieces,) = TextEncoder(folder, 128).encode([learnt.text])
    write_manifest(folder, replace(read_manifest(folder), max_length=len(pieces.windows[0].ids)))
    return CauseClassifier.load(folder)


def test_a_cause_at_the_end_of_a_long_comment_is_found_and_marked(
    narrow: CauseClassifier, learnt: LabelledComment
) -> None:
    (cause,), before = learnt.labels, "friendly and quick, all good " * 8
    alone, long = narrow.classify([learnt.text, before + learnt.text])
    assert cause in long.causes
    assert all(long.probabilities[name] >= alone.probabilities[name] for name in alone.probabilities)
    (span,) = (span for span in long.evidence if span.cause == cause)
    true = learnt.evidence[0]
    start, end = len(before) + true.start, len(before) + true.end
    assert min(span.end, end) - max(span.start, start) >= (end - start) / 2
    assert not long.truncated


def test_a_comment_that_fits_gets_the_bits_of_one_run(narrow: CauseClassifier, learnt: LabelledComment) -> None:
    whole = Tokenizer.from_file(str(narrow._folder / "tokenizer.json")).encode(learnt.text)
    logits, _ = narrow._runtime.run(whole.ids)
    expected = sigmoid(logits.astype(np.float64)).astype(np.float32)
    assert narrow.predict_proba([learnt.text])[0].tobytes() == expected.tobytes()


def test_a_long_comment_gets_the_same_bits_in_any_company(narrow: CauseClassifier, learnt: LabelledComment) -> None:
    texts = [f"{learnt.text} " * count for count in (1, 3, 12, 200)]
    assert narrow.classify(texts) == [narrow.classify([text])[0] for text in texts]

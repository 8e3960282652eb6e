"""Alignment finds which pieces translate each other, from sentence pairs alone."""

import numpy as np

from recontact_training.alignment import align

# English pieces: 1 the, 2 house, 3 book, 4 a; others: 11 das, 12 haus, 13 buch, 14 ein.
ENGLISH = [[1, 2], [1, 3], [4, 3]]
OTHER = [[11, 12], [11, 13], [14, 13]]
RIGHT = {11: 1, 12: 2, 13: 3, 14: 4}


def test_pieces_that_stand_together_time_and_again_are_aligned() -> None:
    found = align(ENGLISH * 3, OTHER * 3, rounds=30)
    for piece, english in RIGHT.items():
        own = found.piece == piece
        assert found.english[own][found.probability[own].argmax()] == english


def test_the_probabilities_of_a_piece_sum_to_one() -> None:
    found = align(ENGLISH, OTHER)
    sums = np.bincount(found.piece, found.probability)
    assert np.allclose(sums[list(RIGHT)], 1.0)


def test_sides_of_unlike_length_are_aligned() -> None:
    found = align([[1, 2, 3], [1]], [[12], [11, 11, 13]])
    assert set(found.piece) == {0, 11, 12, 13}
    assert set(found.english) == {1, 2, 3}

"""The confidence beside an answer is the share of such answers that are right."""

import json
from dataclasses import asdict

import numpy as np
import pytest

from recontact.calibration import fit_confidence, sigmoid
from recontact.confidence import AS_IT_IS, ConfidenceFit, logit_of

MANY = 40_000


def test_answers_that_promise_too_much_are_believed_less() -> None:
    rng = np.random.default_rng(3)
    behind, named = rng.uniform(0.3, 1.0, MANY), rng.random(MANY) < 0.5
    chance = np.where(named, sigmoid(1.3 * logit_of(behind) - 0.6), sigmoid(logit_of(behind) - 0.9))
    fit = fit_confidence(behind, named, rng.random(MANY) < chance)
    found = np.array([fit(float(p), bool(kind)) for p, kind in zip(behind, named, strict=True)])
    assert np.abs(found - chance).max() < 0.03
    assert fit.named == pytest.approx((1.3, -0.6), abs=0.1)
    assert fit.none == pytest.approx((1.0, -0.9), abs=0.1)


def test_a_kind_that_never_came_up_stays_as_it_is() -> None:
    named = np.ones(50, dtype=bool)
    assert fit_confidence(np.full(50, 0.9), named, np.zeros(50, dtype=bool)).none == (1.0, 0.0)


def test_confidence_rises_with_the_probability_behind_it_and_is_never_certain() -> None:
    fit = ConfidenceFit((2.0, -1.0), (0.5, 0.0))
    for named in (True, False):
        found = [fit(p, named) for p in (0.0, 0.2, 0.5, 0.9, 1.0)]
        assert found == sorted(found)
        assert 0 < found[0] < found[-1] < 1


def test_without_anything_found_out_confidence_is_the_probability() -> None:
    assert [AS_IT_IS(p, named) for p in (0.0, 0.3, 1.0) for named in (True, False)] == [0.0, 0.0, 0.3, 0.3, 1.0, 1.0]


def test_it_survives_json() -> None:
    fit = ConfidenceFit((1.2, -0.4), (0.9, -0.8))
    assert ConfidenceFit.from_json(json.loads(json.dumps(asdict(fit)))) == fit
    with pytest.raises(ValueError, match="unpack"):
        ConfidenceFit.from_json({"named": [1.0], "none": [1.0, 0.0]})
    for wrong in (float("nan"), 0.0, -1.0):
        with pytest.raises(ValueError, match="scale"):
            ConfidenceFit.from_json({"named": [wrong, 0.0], "none": [1.0, 0.0]})


def test_no_fit_overflows() -> None:
    assert ConfidenceFit((100.0, -500.0))(0.0001, named=True) == pytest.approx(0.0, abs=1e-9)

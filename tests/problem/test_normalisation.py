"""Physical units to normalised ones and back."""

import numpy as np
import pytest
import torch

from benchmark.problem import BenchError, Normalisation

NORMALISATION = Normalisation((100.0, -2.0), (10.0, 0.5))


def test_by_hand_and_back() -> None:
    physical = np.array([110.0, -3.0]).reshape(2, 1, 1) * np.ones((3, 2, 2, 4))
    expected = np.array([1.0, -2.0]).reshape(2, 1, 1) * np.ones((3, 2, 2, 4))
    for convert in (np.asarray, torch.as_tensor):
        x = NORMALISATION.normalise(convert(physical))
        assert isinstance(x, type(convert(physical)))
        np.testing.assert_array_equal(np.asarray(x), expected)
        np.testing.assert_array_equal(np.asarray(NORMALISATION.denormalise(x)), physical)


def test_tensor_dtype_stays_and_members_broadcast() -> None:
    x = torch.zeros(5, 3, 2, 4, 8)
    assert NORMALISATION.denormalise(x).dtype == torch.float32
    assert NORMALISATION.denormalise(x)[4, 2, 1, 3, 7] == -2.0


@pytest.mark.parametrize("std", [(1.0, 0.0), (1.0, -1.0), (1.0, float("nan")), (1.0, float("inf")), (1.0,)])
def test_bad_std(std: tuple[float, ...]) -> None:
    with pytest.raises(BenchError, match="finite mean and a positive std"):
        Normalisation((0.0, 0.0), std)


def test_hash_to_seven_digits() -> None:
    assert NORMALISATION.hash == Normalisation((100.0 + 1e-7, -2.0), (10.0, 0.5)).hash
    assert NORMALISATION.hash != Normalisation((100.0 + 1e-3, -2.0), (10.0, 0.5)).hash

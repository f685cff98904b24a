"""Square roots, relaxation and rotation of members."""

import pytest
import torch

from methods.ensemble import transform
from methods.ensemble.inflation import mean_preserving_rotation, relax
from methods.ensemble.transform import inverse_root, precision_matrix


def matrices(size: float, count: int = 50, n: int = 10) -> torch.Tensor:
    Y = size * torch.randn(count, n, 3 * n, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    return precision_matrix(Y @ Y.mT)


@pytest.mark.parametrize("size", [0.0, 0.05, 0.5, 5.0, 100.0])
def test_inverse_root_is_one_and_symmetric(size):
    S = matrices(size)
    Z = inverse_root(S)
    torch.testing.assert_close(Z @ S @ Z, torch.eye(10, dtype=S.dtype).expand_as(S), atol=1e-9, rtol=0)
    torch.testing.assert_close(Z, Z.mT, atol=1e-12, rtol=0)


@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float64, 1e-12), (torch.float32, 1e-6)])
@pytest.mark.parametrize("size", [0.0, 0.02, 0.3, 0.5, 1.0])
def test_both_ways_to_the_root_agree(monkeypatch, size, dtype, tolerance):
    S = matrices(size).to(dtype)
    assert torch.linalg.eigvalsh(S).max() < transform.EASY / 2
    monkeypatch.setattr(transform, "_by_eigenvectors", None)
    products = inverse_root(S)
    monkeypatch.undo()
    monkeypatch.setattr(transform, "EASY", 0.0)
    torch.testing.assert_close(products, inverse_root(S), atol=tolerance, rtol=0)


@pytest.mark.parametrize("size", [0.05, 5.0])
def test_a_broken_matrix_does_not_end_the_others(size):
    S = matrices(size)
    whole = inverse_root(S)
    S[3] = torch.nan
    Z = inverse_root(S)
    assert Z[3].isnan().all()
    torch.testing.assert_close(Z[4:], whole[4:], atol=1e-10, rtol=0)


def test_rotation_keeps_mean_and_covariance_and_is_random():
    normal = torch.randn(3, 7, 7, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    Q = mean_preserving_rotation(normal)
    identity = torch.eye(8, dtype=torch.float64).expand_as(Q)
    torch.testing.assert_close(Q @ Q.mT, identity, atol=1e-12, rtol=0)
    torch.testing.assert_close(Q.sum(1), torch.ones(3, 8, dtype=torch.float64), atol=1e-12, rtol=0)
    assert (Q[0] - Q[1]).abs().max() > 0.1


def test_rotations_are_uniform():
    # without the correction of the signs, the trace of a random orthogonal matrix of three rows is not 0 in the mean
    normal = torch.randn(20000, 3, 3, generator=torch.Generator().manual_seed(2), dtype=torch.float64)
    trace = mean_preserving_rotation(normal).diagonal(dim1=1, dim2=2).sum(1) - 1
    assert abs(float(trace.mean())) < 4 / 20000**0.5


def test_relaxation_to_the_background():
    generator = torch.Generator().manual_seed(0)
    before, after = (scale * torch.randn(2, 6, 1, 3, 4, generator=generator) for scale in (1.0, 0.2))
    before, after = (x - x.mean(1, keepdim=True) for x in (before, after))
    torch.testing.assert_close(relax(after, before, 0.0, 0.0), after)
    torch.testing.assert_close(relax(after, before, 1.0, 0.0), before)
    torch.testing.assert_close(relax(after, before, 0.5, 0.0), (after + before) / 2)
    torch.testing.assert_close(relax(after, before, 0.0, 1.0).std(1), before.std(1))
    torch.testing.assert_close(relax(after, before, 0.0, 0.25).std(1), after.std(1) * 0.75 + before.std(1) * 0.25)

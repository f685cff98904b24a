"""Random numbers belong to a case and a member, not to a batch."""

import torch

from benchmark.problem import CaseNoise


def test_a_case_alone_draws_what_it_draws_in_a_batch() -> None:
    batch, alone = CaseNoise([3, 5, 8]), CaseNoise([5])
    for shape in ((2, 4), (7,), ()):
        assert torch.equal(batch.randn(*shape)[1], alone.randn(*shape)[0])
    assert len(batch) == 3


def test_standard_normal_and_different_for_each_case_and_call() -> None:
    noise = CaseNoise([1, 2])
    first, second = noise.randn(10000), noise.randn(10000)
    draws = torch.cat([first, second]).double()
    # Four standard errors: 1/100 of a mean and of a correlation, 1/sqrt(2e4) of a std.
    assert draws.dtype == torch.float64
    assert first.dtype == torch.float32
    assert draws.mean(1).abs().max() < 0.04
    assert (draws.std(1) - 1).abs().max() < 0.0283
    off_diagonal = torch.corrcoef(draws) - torch.eye(4)
    assert off_diagonal.abs().max() < 0.04


def test_few_members_are_the_first_of_many() -> None:
    few, many = (CaseNoise([3, 5]).members(n).randn(6).unflatten(0, (2, n)) for n in (3, 8))
    assert torch.equal(few, many[:, :3])
    assert len({tuple(row) for row in many.reshape(16, 6).tolist()}) == 16


def test_members_do_not_depend_on_what_was_drawn_before() -> None:
    noise = CaseNoise([3])
    before = noise.members(2).randn(4)
    noise.randn(100)
    assert torch.equal(noise.members(2).randn(4), before)

"""What a method gives back: the status of every case, the mean of its members."""

import torch

from benchmark.problem import Analysis, Cost, Status


def test_status_of_every_case() -> None:
    members = torch.zeros(4, 2, 1, 2, 3)
    members[1, 1, 0, 1, 2] = torch.nan
    members[3, 0, 0, 0, 0] = torch.inf
    converged = torch.tensor([True, True, False, False])
    assert Analysis.of(members, Cost(), converged).status == (
        Status.OK,
        Status.DIVERGED,
        Status.NOT_CONVERGED,
        Status.DIVERGED,
    )
    assert Analysis.of(members, Cost()).status == (Status.OK, Status.DIVERGED, Status.OK, Status.DIVERGED)


def test_words_of_the_tables() -> None:
    assert [str(s) for s in Status] == ["ok", "not-converged", "diverged"]


def test_mean_is_over_members() -> None:
    members = torch.arange(12.0).reshape(2, 3, 1, 1, 2)
    analysis = Analysis.of(members, Cost(iterations=2))
    assert analysis.mean.shape == (2, 1, 1, 2)
    assert analysis.mean.flatten().tolist() == [2.0, 3.0, 8.0, 9.0]
    assert analysis.cost.iterations == 2

"""The toy with a background ensemble."""

import dataclasses

import pytest
import torch


@pytest.fixture
def make_ensemble_toy(make_toy):
    """(cases, members) -> Toy in double precision whose problem has members drawn from B."""

    def make(cases: int, members: int, most: int = 10, seed: int = 0):
        toy = make_toy(cases, most, seed).double()
        generator = torch.Generator().manual_seed(seed + 17)
        problem = toy.problem
        errors = toy.covariance.double().sqrt(
            torch.randn(cases, members, toy.B.shape[0], generator=generator, dtype=torch.float64)
        )
        ensemble = problem.background[:, None] + errors.view(cases, members, *problem.background.shape[1:])
        return dataclasses.replace(toy, problem=dataclasses.replace(problem, ensemble=ensemble))

    return make

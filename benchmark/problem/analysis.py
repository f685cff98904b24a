"""What a method gives back."""

__all__ = ["Analysis", "Cost", "Status"]

import dataclasses
import enum

import torch
from torch import Tensor


class Status(enum.StrEnum):
    """How a case ended. A fixed set: tables count these words."""

    OK = "ok"
    NOT_CONVERGED = "not-converged"  # finite and scored, but the solver missed its tolerance
    DIVERGED = "diverged"  # not finite: counted and shown, never averaged in


@dataclasses.dataclass
class Cost:
    """What an analysis of a batch took, counted per case (one sample through a network is one call).

    Arguments:
        network_forwards: Samples that went forwards through any network.
        network_backwards: Samples that went backwards (vector-Jacobian products).
        operator_calls: Applications of H or its adjoint to one state.
        iterations: Iterations of the inner solver or optimiser.
    """

    network_forwards: float = 0.0
    network_backwards: float = 0.0
    operator_calls: float = 0.0
    iterations: float = 0.0


@dataclasses.dataclass(frozen=True)
class Analysis:
    """Analyses of a batch of cases.

    Arguments:
        members: Shape (case, member, channel, latitude, longitude) [normalised]; a point method has one member.
        status: One word a case.
        cost: Mean cost of a case.
    """

    members: Tensor
    status: tuple[Status, ...]
    cost: Cost

    @property
    def mean(self) -> Tensor:
        """Mean of the members, shape (case, channel, latitude, longitude) [normalised]."""
        return self.members.mean(1)

    @classmethod
    def of(cls, members: Tensor, cost: Cost, converged: Tensor | None = None) -> "Analysis":
        """Finds the status of every case: finite or diverged, converged (shape (case,)) or not."""
        finite = torch.isfinite(members).flatten(1).all(1)
        if converged is None:
            converged = torch.ones_like(finite)
        words = [
            Status.DIVERGED if not f else Status.OK if c else Status.NOT_CONVERGED
            for f, c in zip(finite.tolist(), converged.tolist(), strict=True)
        ]
        return cls(members, tuple(words), cost)

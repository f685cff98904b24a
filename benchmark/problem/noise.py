"""Random numbers that belong to a case, not to a batch."""

__all__ = ["CaseNoise"]

from collections.abc import Sequence

import torch
from torch import Tensor

from .hashing import seed_from


class CaseNoise:
    """One random stream for every case, and for every member of a case.

    A case's numbers depend on its own seed and on how many were drawn before, never on its batch, its
    worker or the device: they are drawn on the CPU and moved.

    Arguments:
        seeds: One seed a case.
        device: Where the numbers are wanted.
    """

    def __init__(self, seeds: Sequence[int], device: torch.device | str = "cpu") -> None:
        self.seeds = tuple(int(s) for s in seeds)
        self.device = torch.device(device)
        self._streams = [torch.Generator().manual_seed(s) for s in self.seeds]

    def __len__(self) -> int:
        return len(self.seeds)

    def randn(self, *shape: int) -> Tensor:
        """Standard normal numbers, shape (case, *shape), float32."""
        draws = [torch.randn(shape, generator=stream) for stream in self._streams]
        return torch.stack(draws).to(self.device)

    def values(self, mask: Tensor, members: int) -> Tensor:
        """Standard normal numbers for observed values: a case's do not depend on the padding of its batch.

        Arguments:
            mask: True for values, False for padding, shape (case, n).
            members: How many rows a case.

        Returns:
            Shape (case, member, n), float32, zero where padded.
        """
        drawn = torch.zeros(len(mask), members, mask.shape[1])
        for case, (stream, real) in enumerate(zip(self._streams, mask.cpu(), strict=True)):
            drawn[case][:, real] = torch.randn((members, int(real.sum())), generator=stream)
        return drawn.to(self.device)

    def members(self, count: int) -> "CaseNoise":
        """Streams for `count` members of every case, flattened to (case * member): member i of a case
        gets the same stream however many members are asked for."""
        seeds = [seed_from("member", seed, i) for seed in self.seeds for i in range(count)]
        return CaseNoise(seeds, self.device)

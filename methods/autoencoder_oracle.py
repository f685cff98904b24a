"""The autoencoder's own error: what is left of the truth when it goes through encoder and decoder.

    state         xa = D(E(x - c)) + c
    increment     xa = xb + D(E(x - c)) - D(E(xb - c))

with the truth x and the climatology c. The first is the reconstruction error that papers give. The second is where a
latent method ends that finds the truth's own latent: its increments suffer from the autoencoder, its background does
not (see `LatentSpace`).
"""

__all__ = ["AutoencoderOracle"]

from torch import Tensor

from benchmark.problem import Analysis, CaseNoise, Cost, Oracle, Problem

from .priors.autoencoder import Autoencoder


class AutoencoderOracle(Oracle):
    """
    Parameters:
        reconstructs: `state` or `increment`.
    """

    name = "autoencoder"
    uses_adjoint = False
    defaults = {"reconstructs": "state"}  # noqa: RUF012
    components = (Autoencoder.name,)

    def __init__(self, **parameters: object) -> None:
        super().__init__(**parameters)
        self.require_choice("reconstructs", "state", "increment")
        self.uses_background = self["reconstructs"] == "increment"

    def reconstruct(self, truth: Tensor, problem: Problem, members: int, noise: CaseNoise) -> Analysis:
        autoencoder: Autoencoder = self.parts[Autoencoder.name]
        xb, c = problem.background, problem.climatology
        xa = autoencoder.decode(autoencoder.encode(truth - c)) + c
        calls = 2.0
        if self["reconstructs"] == "increment":
            xa = xa + xb - (autoencoder.decode(autoencoder.encode(xb - c)) + c)
            calls += 2.0
        return Analysis.of(xa[:, None], Cost(network_forwards=calls))

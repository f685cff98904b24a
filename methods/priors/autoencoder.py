"""What all autoencoders can do: states to a latent a few times smaller, and back."""

__all__ = ["Autoencoder"]

import abc
from collections.abc import Mapping
from typing import Any, ClassVar

from torch import Tensor

from benchmark.problem import BenchError, Component


class Autoencoder(Component):
    """
    Attributes:
        latent_shape: Of one latent.
        whitens: Whether the background errors' latents have unit covariance by construction.
        kind: The word in the settings by which a stored one is known; a class without is never stored.
    """

    name: ClassVar[str] = "autoencoder"
    kind: ClassVar[str]
    latent_shape: tuple[int, int, int]
    whitens: ClassVar[bool] = False
    neural = True
    _kinds: ClassVar[dict[str, type["Autoencoder"]]] = {}

    def __init_subclass__(cls, **given: Any) -> None:
        super().__init_subclass__(**given)
        if "kind" in vars(cls):
            Autoencoder._kinds[cls.kind] = cls

    @abc.abstractmethod
    def encode(self, anomaly: Tensor) -> Tensor:
        """
        Arguments:
            anomaly: Shape (batch, channel, latitude, longitude) [normalised departures from climatology].

        Returns:
            Latent, shape (batch, *latent_shape).
        """

    @abc.abstractmethod
    def decode(self, latent: Tensor) -> Tensor:
        """The inverse: (batch, *latent_shape) -> (batch, channel, latitude, longitude)."""

    @classmethod
    def from_state(cls, tensors: Mapping[str, Tensor], settings: Mapping[str, Any]) -> "Autoencoder":
        """The autoencoder of the kind that the settings name, which is that of patches where they name none.

        Raises:
            BenchError: If there is no such kind.
        """
        kind = settings.get("kind", "patch")
        if kind not in cls._kinds:
            raise BenchError(f"There is no autoencoder of kind '{kind}'; known: {', '.join(sorted(cls._kinds))}.")
        return cls._kinds[kind].from_state(tensors, settings)

"""Fine-tuning of the latent prior by preferences: candidates, rewards, pairs, loss, recipe."""

from .recipe import AlignedPriorRecipe

__all__ = ["AlignedPriorRecipe"]

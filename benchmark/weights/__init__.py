"""Fitted components on disk: safetensors with a card each."""

from .card import Card
from .store import WeightsStore, rounded, user_folder

__all__ = ["Card", "WeightsStore", "rounded", "user_folder"]

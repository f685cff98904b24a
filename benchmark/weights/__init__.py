"""Fitted components on disk: safetensors with a card each."""

from .card import Card
from .store import WeightsStore, rounded, user_folder
from .tensors import save_tensors

__all__ = ["Card", "WeightsStore", "rounded", "save_tensors", "user_folder"]

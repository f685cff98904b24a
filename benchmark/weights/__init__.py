"""Fitted components on disk: safetensors with a card each."""

from .card import Card
from .store import SHIPPED, WeightsStore, rounded, user_folder

__all__ = ["SHIPPED", "Card", "WeightsStore", "rounded", "user_folder"]

"""What the leaderboard's page shows, as one JSON-able object, and the files that it offers."""

from .building import build_content
from .downloads import downloads_of

__all__ = ["build_content", "downloads_of"]

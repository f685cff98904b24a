"""The leaderboard's page: static files that need no server and load nothing from elsewhere."""

from .building import build_site

__all__ = ["build_site"]

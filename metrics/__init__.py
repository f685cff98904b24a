"""Scores: statistics of a case, aggregation over cases, scores, significance."""

from .aggregation import State
from .regions import REGIONS, Region, find_region, region_weights
from .scores import SCORES, Score, find_score, relative_error
from .significance import block_length, bootstrap, interval, resample_indices
from .statistics import STATISTICS, Statistic, find_statistic
from .wb2 import score_files

__all__ = [
    "REGIONS",
    "SCORES",
    "STATISTICS",
    "Region",
    "Score",
    "State",
    "Statistic",
    "block_length",
    "bootstrap",
    "find_region",
    "find_score",
    "find_statistic",
    "interval",
    "region_weights",
    "relative_error",
    "resample_indices",
    "score_files",
]

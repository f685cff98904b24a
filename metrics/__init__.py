"""Scores: statistics of a case, aggregation over cases, scores, significance."""

from .aggregation import State
from .domain import regions_on
from .observation_space import ObservationStatistics, observation_statistics
from .regions import REGIONS, Region, find_region, region_weights
from .scorer import Key, Scorer
from .scores import SCORES, SPECIAL_SCORES, Score, find_score, relative_error
from .significance import block_length, bootstrap, interval, resample_counts, resample_indices, resampled_means
from .statistic import Statistic
from .statistics import STATISTICS, find_statistic
from .testing import LEVEL, effective_size, holm, p_value, student_interval
from .wb2 import score_files
from .wb2_engine import require_weatherbench2, score_with_weatherbench2

__all__ = [
    "LEVEL",
    "REGIONS",
    "SCORES",
    "SPECIAL_SCORES",
    "STATISTICS",
    "Key",
    "ObservationStatistics",
    "Region",
    "Score",
    "Scorer",
    "State",
    "Statistic",
    "block_length",
    "bootstrap",
    "effective_size",
    "find_region",
    "find_score",
    "find_statistic",
    "holm",
    "interval",
    "observation_statistics",
    "p_value",
    "region_weights",
    "regions_on",
    "relative_error",
    "require_weatherbench2",
    "resample_counts",
    "resample_indices",
    "resampled_means",
    "score_files",
    "score_with_weatherbench2",
    "student_interval",
]

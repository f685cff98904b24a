"""Fields of one sampled case: what all methods make of the same truth, background and observations."""

from .finding import find_snapshots
from .snapshot import Observed, Snapshot, SnapshotChannel, SnapshotFacts
from .storing import read_snapshot, write_snapshot
from .taking import DIVERGED, FAILED, take_snapshot

__all__ = [
    "DIVERGED",
    "FAILED",
    "Observed",
    "Snapshot",
    "SnapshotChannel",
    "SnapshotFacts",
    "find_snapshots",
    "read_snapshot",
    "take_snapshot",
    "write_snapshot",
]

"""What an archive may hold: the names of its members, and how large they may be."""

__all__ = [
    "BINS",
    "CASES",
    "EXPERIMENTS",
    "LARGEST_ARCHIVE",
    "MANIFEST",
    "MOST_BYTES",
    "MOST_MEMBERS",
    "NAME",
    "VALUES",
    "analyses_name",
    "largest",
]

import re

MANIFEST = "manifest.json"
EXPERIMENTS = "experiments.json"
CASES, VALUES, BINS = "cases.csv", "values.csv", "bins.csv"

NAME = r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}"
"""Of worlds, methods and components."""

MIB = 2**20
KINDS = {
    rf"{MANIFEST}": 1 * MIB,
    rf"{EXPERIMENTS}": 16 * MIB,
    rf"{CASES}": 64 * MIB,
    rf"({VALUES}|{BINS})": 256 * MIB,
    r"analyses/[0-9a-f]{16}\.safetensors": 512 * MIB,
    rf"weights/{NAME}/{NAME}\.safetensors": 512 * MIB,
    rf"weights/{NAME}/{NAME}\.json": 1 * MIB,
    r"code/[A-Za-z0-9_][A-Za-z0-9_-]{0,63}\.py": 1 * MIB,
}
"""Every name that there may be, and how many bytes it may be unpacked."""

MOST_MEMBERS = 1000
MOST_BYTES = 1536 * MIB
"""Of all members together, unpacked; less than what zip needs another format for."""

LARGEST_ARCHIVE = 1024 * MIB


def largest(name: str) -> int | None:
    """How many bytes a member of that name may have, None where there may be none."""
    for pattern, size in KINDS.items():
        if re.fullmatch(pattern, name, re.ASCII):
            return size
    return None


def analyses_name(experiment: str) -> str:
    """The member that holds an experiment's analyses."""
    return f"analyses/{experiment}.safetensors"

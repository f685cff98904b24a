"""Snapshots as files: safetensors, which hold numbers and text, and nothing that could be run."""

__all__ = ["read_snapshot", "write_snapshot"]

from pathlib import Path

import numpy as np
import pydantic
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from benchmark.files import write_whole
from benchmark.problem import BenchError, first_line

from .snapshot import Observed, Snapshot, SnapshotFacts

FACTS = "snapshot"
"""Key of the metadata under which the facts stand, as JSON."""

ANALYSIS = "analysis/"
OBSERVATIONS = "observations/"
COLUMNS = ("latitude", "longitude", "value", "channel")


def write_snapshot(snapshot: Snapshot, path: Path) -> None:
    """
    Raises:
        BenchError: If the file cannot be written; nothing is left behind.
    """
    tensors = {"truth": snapshot.truth, "background": snapshot.background}
    tensors |= {f"{ANALYSIS}{label}": codes for label, codes in snapshot.analyses.items()}
    tensors |= {f"{OBSERVATIONS}{column}": getattr(snapshot.observed, column) for column in COLUMNS}
    whole = {name: np.ascontiguousarray(array) for name, array in tensors.items()}
    facts = {FACTS: snapshot.facts.model_dump_json()}
    write_whole(path, lambda temporary: temporary.write_bytes(save(whole, facts)))


def read_snapshot(path: Path) -> Snapshot:
    """
    Raises:
        BenchError: If the file is not there, or is no snapshot, or its parts do not fit each other.
    """
    try:
        with safe_open(path, "numpy") as file:
            told = (file.metadata() or {}).get(FACTS)
            if told is None:
                raise BenchError("it does not say what it is of")
            facts = SnapshotFacts.model_validate_json(told)
            tensors = {name: file.get_tensor(name) for name in _names(facts, list(file.keys()))}
        analyses = {label: tensors[f"{ANALYSIS}{label}"] for label in facts.experiments}
        observed = Observed(*(tensors[f"{OBSERVATIONS}{column}"] for column in COLUMNS))
        return Snapshot(facts, tensors["truth"], tensors["background"], analyses, observed)
    except pydantic.ValidationError as error:
        first = error.errors()[0]
        reason = f"{'.'.join(map(str, first['loc']))}: {first['msg']}"
    except OSError as error:
        reason = error.strerror or first_line(error)
    except (BenchError, SafetensorError, TypeError, ValueError) as error:
        reason = first_line(error)
    raise BenchError(f"The snapshot {path} cannot be read ({reason.rstrip('.')}); make it again with bench snapshot.")


def _names(facts: SnapshotFacts, found: list[str]) -> list[str]:
    """All tensors, if they are those of a snapshot and no others."""
    wanted = ["truth", "background", *(f"{OBSERVATIONS}{column}" for column in COLUMNS)]
    wanted += [f"{ANALYSIS}{label}" for label in facts.experiments]
    if odd := sorted(set(wanted) ^ set(found)):
        raise BenchError(f"'{odd[0]}' is {'missing' if odd[0] in wanted else 'no part of a snapshot'}")
    return wanted

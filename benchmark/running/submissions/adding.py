"""Puts an accepted submission among published results."""

__all__ = ["add_to"]

import dataclasses
import shutil
import tempfile
from pathlib import Path

from benchmark.problem import BenchError

from ..results.published import RESULTS, TABLES, is_published, read_published, write_published
from ..results.result_set import ResultSet
from .checks import Verification
from .standard import Standard


def add_to(folder: Path, verification: Verification, replace: bool = False) -> int:
    """Adds what was accepted, whole or not at all.

    Arguments:
        folder: Of published results.
        verification: Of the submission.
        replace: Whether another version of a label that is there gives way to the submitted one.

    Returns:
        How many experiments were replaced.

    Raises:
        BenchError: If it was not accepted, the folder has not its settings, or a label is another's there; nothing is
            changed then, nor if it cannot be written.
    """
    if verification.outcome != "accepted" or verification.results is None:
        raise BenchError(f"{verification.file} is {verification.outcome}, so it is not added.")
    if not is_published(folder):
        raise BenchError(f"There are no published results in {folder}; check its path.")
    known = read_published(folder)
    merged, replaced = _merge(known, verification.results, replace)
    _write_whole(merged, folder)
    return replaced


def _merge(known: ResultSet, added: ResultSet, replace: bool) -> tuple[ResultSet, int]:
    standard = Standard(known)
    if known.region != added.region:
        raise BenchError(f"The published results are of the region '{known.region}', and these of '{added.region}'.")
    gone: set[str] = set()
    for result in added:
        if standard.background(result) is None:
            raise BenchError(
                f"The published results have no background in a setting of {result.label} on {result.world}, so there "
                "is nothing to compare it with; publish that setting first."
            )
        for other in standard.setting(result):
            if other.id == result.id and other.label != result.label:
                raise BenchError(f"{result.label} is published already, as {other.label}.")
            if other.label == result.label:
                if other.id != result.id and not replace:
                    raise BenchError(
                        f"There is another {other.label} in a setting ({other.id}, not {result.id}); give this one a "
                        "label of its own, or replace that one with --replace."
                    )
                gone.add(other.id)
    kept = [result for result in known if result.id not in gone]
    ordered = sorted([*kept, *added], key=lambda one: (one.world, one.method, one.id))
    return dataclasses.replace(known, results=tuple(ordered)), len(gone)


def _write_whole(results: ResultSet, folder: Path) -> None:
    """All files beside the old ones first; should a rename fail, the old ones come back."""
    names = [RESULTS, *(f"{name}.parquet" for name in TABLES)]
    with tempfile.TemporaryDirectory(prefix=".adding-", dir=folder) as beside:
        new, old = Path(beside) / "new", Path(beside) / "old"
        write_published(results, new)
        read_published(new)
        old.mkdir()
        for name in names:
            shutil.copyfile(folder / name, old / name)
        try:
            for name in names:
                (new / name).replace(folder / name)
        except BaseException as error:
            for name in names:
                (old / name).replace(folder / name)
            if isinstance(error, OSError):
                raise BenchError(f"{folder} cannot be written ({error.strerror}); nothing was added.") from error
            raise

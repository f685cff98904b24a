"""The sweeps that ship with the package."""

__all__ = ["find_sweep"]

from pathlib import Path

FOLDER = Path(__file__).parent


def find_sweep(named: str | None) -> Path | None:
    """The file of a sweep: `standard` for the standard set, a path, or None for none."""
    if named is None:
        return None
    shipped = FOLDER / f"{named}.yaml"
    return shipped if "/" not in named and shipped.is_file() else Path(named).expanduser()

import numpy as np
import pytest
import xarray as xr

from benchmark.files import Location, as_slice, guard, read_fields
from benchmark.problem import BenchError

SHAPE = (3, 4, 2, 2)
VALUES = np.arange(48, dtype=np.float32).reshape(SHAPE)
DS = xr.Dataset(
    {"z": (("time", "level", "latitude", "longitude"), VALUES), "p": (("time", "latitude", "longitude"), VALUES[:, 0])}
)


def test_fields_come_with_their_place_in_si_and_at_the_times() -> None:
    places = [Location("z", 3, 1.0, 0.0), Location("p", None, 100.0, 5.0), Location("z", 1, 2.0, 0.0)]
    fields = dict(read_fields(DS, places, {"time": np.array([2, 0])}))
    assert [fields[i].dims for i in range(3)] == [("time", "latitude", "longitude")] * 3
    np.testing.assert_array_equal(fields[0], VALUES[[2, 0], 3])
    np.testing.assert_array_equal(fields[1], VALUES[[2, 0], 0] * 100.0 + 5)
    np.testing.assert_array_equal(fields[2], VALUES[[2, 0], 1] * 2)
    assert [fields[i].dtype for i in range(3)] == [np.float32, np.float64, np.float64]


def test_a_variable_is_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    read, compute = [], xr.DataArray.compute

    def watched(self: xr.DataArray) -> xr.DataArray:
        read.append((self.name, self.sizes.get("level")))
        return compute(self)

    monkeypatch.setattr(xr.DataArray, "compute", watched)
    places = [Location("z", 3, 1.0, 0.0), Location("p", None, 1.0, 0.0), Location("z", 1, 1.0, 0.0)]
    assert [i for i, _ in read_fields(DS, places, {"time": slice(0, 1)})] == [0, 2, 1]
    assert read == [("z", 2), ("p", None)]


@pytest.mark.parametrize(
    ("rows", "wanted"),
    [([4], slice(4, 5)), ([4, 5, 6], slice(4, 7, 1)), ([1, 3, 5], slice(1, 6, 2)), ([1, 2, 4], None), ([3, 1], None)],
)
def test_even_steps_are_a_slice(rows: list[int], wanted: slice | None) -> None:
    got = as_slice(np.array(rows))
    assert got == wanted if wanted else got.tolist() == rows
    np.testing.assert_array_equal(np.arange(9)[got], rows)


def test_a_broken_read_is_one_message_and_other_errors_pass() -> None:
    def fail(error: Exception) -> None:
        raise error

    assert guard("f.nc", lambda: 3) == 3
    with pytest.raises(BenchError, match=r"'f.nc' breaks off while it is read \(OSError: cut\).*fetch it again"):
        guard("f.nc", lambda: fail(OSError("cut")))
    with pytest.raises(BenchError, match=r"^as it was$"):
        guard("f.nc", lambda: fail(BenchError("as it was")))
    with pytest.raises(ZeroDivisionError):
        guard("f.nc", lambda: fail(ZeroDivisionError()))

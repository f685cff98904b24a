from pathlib import Path

import pytest
import yaml

from benchmark.problem import BenchError
from benchmark.worlds import Fields, WorldSpec, library, load_spec

GOOD = {
    "name": "mine",
    "path": "fields.nc",
    "channels": ["z500"],
    "train": "2000-2002",
    "validate": [2003],
    "test": ["2004-2005", 2007],
    "background": {"kind": "persistence", "lead_h": 12},
}


def write(folder: Path, **changes: object) -> Path:
    file = folder / "mine.yaml"
    file.write_text(yaml.safe_dump({k: v for k, v in (GOOD | changes).items() if v is not None}))
    return file


def test_years_are_read_in_every_spelling(tmp_path: Path) -> None:
    spec = load_spec(write(tmp_path))
    assert spec.years("train") == (2000, 2001, 2002)
    assert spec.years("validate") == (2003,)
    assert spec.years("test") == (2004, 2005, 2007)


def test_relative_paths_are_relative_to_the_yaml_and_urls_are_left_alone(tmp_path: Path) -> None:
    archive = {"kind": "archive", "path": "sub/forecasts.zarr"}
    spec = load_spec(write(tmp_path, background=archive))
    assert spec.path == str(tmp_path / "fields.nc")
    assert spec.background.path == str(tmp_path / "sub/forecasts.zarr")
    assert load_spec(write(tmp_path, path="gs://bucket/x.zarr")).path == "gs://bucket/x.zarr"
    assert load_spec(write(tmp_path, path="/data/x.nc")).path == "/data/x.nc"


def test_data_replaces_the_path_and_stays_relative_to_the_working_folder(tmp_path: Path) -> None:
    assert load_spec(write(tmp_path), data="other.nc").path == "other.nc"


def test_the_library_holds_the_two_worlds_and_each_loads() -> None:
    assert {"era-interim-euroatlantic", "era5-64x32"} <= set(library())
    for name, title in library().items():
        spec = load_spec(name)
        assert (spec.name, spec.title) == (name, title)
    era = load_spec("era-interim-euroatlantic")
    assert (era.years("train"), era.years("validate"), era.years("test")) == (
        tuple(range(2000, 2007)),
        (2007,),
        (2008, 2009),
    )
    assert len(load_spec("era5-64x32").channels) == 17


def test_a_world_without_its_data_says_which_file_and_how_to_give_it() -> None:
    with pytest.raises(BenchError, match=r"era_interim_euroatlantic_2000_2009\.nc.*--data PATH"):
        Fields(load_spec("era-interim-euroatlantic"))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"chanels": ["msl"]}, r"mine\.yaml.*unknown field 'chanels'.*'channels'"),
        ({"validates": 2009}, r"unknown field 'validates'.*'validate'"),
        ({"background": {"kind": "persistence", "leed_h": 6}}, r"'background\.leed_h'.*'lead_h'"),
        ({"train": None}, r"'train' is missing; add it"),
        ({"validate": None}, r"'validate' is missing; add it"),
        ({"train": "2002-2000"}, r"'train'.*ends before it starts"),
        ({"train": "the nineties"}, r"'train'.*write 2007, \[2007, 2008\] or 2000-2006"),
        ({"validate": "2002-2003"}, r"'train' and 'validate' share \[2002\]; give every year to one"),
        ({"test": 2003}, r"'validate' and 'test' share \[2003\]"),
        ({"variables": {"z550": "phi"}}, r"renames 'z550', which is not among the channels; did you mean 'z500'"),
        ({"channels": []}, r"'channels'"),
        ({"channels": ["z500", "geopotential_500"]}, r"named twice: z500"),
        ({"hours": [0, 24]}, r"'hours'.*0 to 23"),
        ({"background": {"kind": "magic"}}, r"'background\.kind'.*'persistence'"),
        ({"background": {"kind": "archive"}}, r"'background'.*needs 'path'"),
        ({"background": {"kind": "persistence", "path": "x"}}, r"'path' belongs to kind 'archive'"),
        ({"background": {"kind": "persistence", "settings": {"a": 1}}}, r"'settings' belong to kind 'forecaster'"),
        ({"background": {"kind": "forecaster", "settings": {"step_h": 7}}}, r"'step_h' must divide 'lead_h'.* 7 .* 24"),
        ({"background": {"kind": "forecaster", "settings": {"conserve": "sp"}}}, r"'conserve', a list of channels"),
        ({"background": {"kind": "forecaster", "settings": {"conserve": ["sp"]}}}, r"names 'sp'; known: "),
        ({"test_step_h": 0}, r"'test_step_h'.*greater than 0"),
        ({"climatology": "weekly"}, r"'climatology'.*'window' or 'harmonics'"),
        ({"background": {"kind": "persistence", "lead_h": 0}}, r"'background\.lead_h'.*greater than 0"),
    ],
)
def test_a_bad_description_names_file_field_and_cure(tmp_path: Path, changes: dict[str, object], message: str) -> None:
    with pytest.raises(BenchError, match=message) as caught:
        load_spec(write(tmp_path, **changes))
    assert "mine.yaml" in str(caught.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [("name: [", "not readable YAML"), ("- a\n- b", "'key: value' lines"), ("", "'key: value' lines")],
)
def test_a_file_that_is_no_description(tmp_path: Path, text: str, message: str) -> None:
    file = tmp_path / "odd.yaml"
    file.write_text(text)
    with pytest.raises(BenchError, match=message):
        load_spec(file)


def test_an_unknown_world_gets_the_nearest_names(tmp_path: Path) -> None:
    with pytest.raises(BenchError, match="did you mean 'era5-64x32'"):
        load_spec("era5-64x23")
    with pytest.raises(BenchError, match="no world file"):
        load_spec(tmp_path / "absent.yaml")


def test_an_unknown_split_gets_the_nearest_name() -> None:
    with pytest.raises(BenchError, match="did you mean 'validate'"):
        WorldSpec.model_validate(GOOD).years("validation")

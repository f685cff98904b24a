"""What a sweep goes through: expansion, variables that a world lacks, flags before files, and bad input."""

import itertools
import warnings

import pytest

from benchmark.problem import BenchError
from benchmark.running.sweeping.settings import expand
from benchmark.running.sweeping.spec import SweepSpec, read_sweep
from leaderboards.standard import find_sweep
from methods.registry import find_method, method_names

COMMON = {"out": "results", "weights": None, "device": "cpu", "fresh": False}


@pytest.fixture
def settings(spec):
    def make(**fields):
        return expand(spec(methods=["3dvar"], **fields), {}, COMMON)

    return make


def values(settings, axis):
    return [getattr(setting.request.observing, axis) for setting in settings]


def test_a_star_has_its_centre_once_and_each_other_value_once(settings):
    found = settings(design="star", obs_frac=[0.1, 0.2, 0.3], obs_std=[0.05, 0], seeds=[0, 1, 2])
    assert len(found) == 1 + 2 + 1 + 2
    points = [(s.request.observing.obs_frac, s.request.observing.obs_std, s.request.seed) for s in found]
    assert points[0] == (0.1, 0.05, 0)
    assert len(set(points)) == len(points)
    assert all(sum(a != b for a, b in zip(point, points[0], strict=True)) == 1 for point in points[1:])


def test_a_product_has_every_combination_once(settings):
    found = settings(obs_frac=[0.1, 0.2, 0.3], obs_std=[0.05, 0], seeds=[0, 1])
    points = [(s.request.observing.obs_frac, s.request.observing.obs_std, s.request.seed) for s in found]
    assert sorted(points) == sorted(itertools.product([0.1, 0.2, 0.3], [0.05, 0], [0, 1]))


def test_a_seed_is_that_of_observations_and_of_methods(settings):
    assert [(s.request.seed, s.request.observing.seed) for s in settings(obs_frac=0.1, seeds=[3, 5])] == [
        (3, 3),
        (5, 5),
    ]


def test_what_varies_is_told_and_nothing_else(settings):
    found = settings(obs_frac=[0.1, 0.25], obs_std=0.05, members=[None, 4])
    assert [dict(s.varied) for s in found][:2] == [
        {"obs_frac": "0.1", "members": "own"},
        {"obs_frac": "0.1", "members": "4"},
    ]
    assert str(found[-1]) == "tiny, obs_frac 0.25, members 4"


def test_every_world_is_gone_through_with_its_own_cases(ground, settings):
    (ground / "other.yaml").write_text((ground / "tiny.yaml").read_text().replace("name: tiny", "name: other"))
    worlds = [{"world": str(ground / "tiny.yaml"), "cases": 8}, str(ground / "other.yaml")]
    found = settings(worlds=worlds, obs_frac=[0.1, 0.2], cases=24)
    assert [(s.request.world.name, s.request.cases) for s in found] == [
        *[("tiny", 8), ("tiny", 8)],
        *[("other", 24), ("other", 24)],
    ]


def test_zero_cases_are_all(settings):
    assert settings(obs_frac=0.1, cases=0)[0].request.cases is None


def test_variables_that_a_world_lacks_are_left_out_of_a_set(settings):
    (found,) = settings(obs_frac=0.1, obs_vars={"some": ["z500", "u", "msl"]})
    assert found.request.observing.obs_vars == ("z500",)


def test_a_set_of_which_a_world_has_nothing_is_left_out_there_and_told(settings):
    with pytest.warns(
        UserWarning, match="world 'tiny' has none of the variables u, v: the settings of obs_vars 'wind'"
    ):
        found = settings(obs_frac=0.1, obs_vars={"all": [], "wind": ["u", "v"], "heat": ["t"]})
    assert values(found, "obs_vars") == [(), ("t",)]


def test_stations_are_for_their_network_only(settings, tmp_path):
    files = []
    for name in "ab":
        files.append(str(tmp_path / f"{name}.csv"))
        (tmp_path / f"{name}.csv").write_text("id,lat,lon\n1,10,20\n2,-30,100\n")
    found = settings(obs_frac=0.1, network=["random", "stations"], stations=files)
    assert values(found, "network") == ["random", "stations", "stations"]
    star = settings(design="star", obs_frac=0.1, network=["random", "stations"], stations=files)
    assert [(o.network, o.stations and o.stations.name) for o in (s.request.observing for s in star)] == [
        ("random", None),
        ("stations", "a.csv"),
        ("stations", "b.csv"),
    ]
    with pytest.raises(BenchError, match="network 'stations'; add it to network"):
        settings(obs_frac=0.1, stations=files)


def test_all_are_the_methods_that_assimilate(settings, spec, odd):
    (found,) = expand(spec(methods=["all", "3dvar", odd("Shift")], obs_frac=0.1), {}, COMMON)
    methods = found.request.methods
    assert methods[:2] == ("background", "climatology")
    assert set(methods[2:-1]) == {name for name in method_names() if find_method(name).assimilates}
    assert methods[-1] == odd("Shift")
    assert len(set(methods)) == len(methods)


def test_parameters_are_of_every_method_or_of_one(settings):
    (found,) = settings(obs_frac=0.1, set={"modes": 3, "3dvar.b_scale": 0.5})
    assert found.request.overrides == {"": {"modes": "3"}, "3dvar": {"b_scale": "0.5"}}


def test_flags_replace_what_the_file_says(tmp_path):
    file = tmp_path / "sweep.yaml"
    file.write_text("design: star\nmethods: [3dvar]\nworlds: tiny\nobs_frac: [0.1, 0.2]\nchunk: 8\n")
    found = read_sweep(file, {"obs_frac": [0.5], "design": "product"})
    assert (found.obs_frac, found.design, found.chunk, found.methods) == ((0.5,), "product", 8, ("3dvar",))
    assert read_sweep(file, {}).obs_frac == (0.1, 0.2)


def test_the_standard_set_is_a_star_of_ten_settings():
    described = read_sweep(find_sweep("standard"), {})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = expand(described, {}, COMMON)
        product = expand(read_sweep(find_sweep("standard"), {"design": "product"}), {}, COMMON)
    twin = [s for s in found if s.request.world.name == "twin"]
    assert len(twin) == 10
    # it has no wind
    assert len([s for s in found if s.request.world.name == "era-interim-euroatlantic"]) == 9
    assert len([s for s in product if s.request.world.name == "twin"]) == 5 * 4 * 3
    everything = {name for name in method_names() if find_method(name).assimilates}
    assert everything | {"background", "climatology", "no-observations", "autoencoder"} == set(twin[0].request.methods)
    centre = twin[0].request.observing
    assert (centre.obs_frac, centre.obs_vars, centre.obs_std) == (0.01, (), 0.05)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("methds: [3dvar]\n", "there is no setting 'methds'; did you mean 'methods'"),
        ("worlds: [{world: tiny, cases: 3, dat: x}]\n", r"no setting 'worlds.0.dat'; did you mean 'data'"),
        ("obs_frac: [0.1, 0.1]\n", "obs_frac: a value stands there twice; leave it there once"),
        ("obs_vars: [z, z]\n", "obs_vars: a value stands there twice"),
        ("worlds: [tiny, {world: tiny, cases: 3}]\n", "worlds: a value stands there twice"),
        ("chunk: 4\nchunk: 8\n", "the key 'chunk' stands there twice.*mend it"),
        ("obs_frac: []\n", "obs_frac: the list is empty"),
        ("obs_frac: [much]\n", "obs_frac.0: .*valid number.*docs/sweeps.md"),
        ("seeds: [-1]\n", "seeds.0: .*greater than or equal to 0"),
        ("members: [0]\n", "members.0.*greater than or equal to 1"),
        ("ensemble: 1\n", "ensemble.0: .*greater than or equal to 2"),
        ("chunk: 0\n", "chunk: .*greater than or equal to 1"),
        ("design: galaxy\n", "design: .*'star' or 'product'"),
        ("split: train\n", "split.0: .*'test' or 'validate'"),
        ("set: {3dvar: {b_scale: 1}}\n", "set.3dvar"),
        ("methods: [3dvar\n", "is not readable YAML.*mend it"),
        ("- a\n- b\n", "must hold 'key: value' lines; take leaderboards/standard.yaml"),
        ("worlds: tiny\n", "names no methods; add 'methods:' or --method"),
        ("methods: 3dvar\n", "names no worlds; add 'worlds:' or --world"),
        ("", "must hold 'key: value' lines"),
    ],
)
def test_a_bad_file_is_told_with_its_field_and_cure(tmp_path, text, message):
    file = tmp_path / "sweep.yaml"
    file.write_text(text)
    with pytest.raises(BenchError, match=f"(?s)Sweep file '{file}'.*{message}"):
        read_sweep(file, {})


def test_a_file_that_is_not_there_or_no_text_is_told(tmp_path):
    with pytest.raises(BenchError, match=r"cannot be read \(No such file.*check its path"):
        read_sweep(tmp_path / "none.yaml", {})
    (tmp_path / "bytes.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(BenchError, match="is not readable YAML"):
        read_sweep(tmp_path / "bytes.yaml", {})


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"methods": ["3dvra"]}, "no method called '3dvra'; did you mean '3dvar'"),
        ({"methods": ["3dvar[modes"]}, "Cannot read the method"),
        ({"worlds": ["twni"]}, "no world 'twni'; did you mean 'twin'"),
        ({"worlds": ["lorenz96"]}, "is a cycled world.*use bench run or bench literature"),
        ({"obs_vars": {"a": ["zz500"]}}, "none of the variables zz500; it has z500, t850"),
        ({"obs_vars": {"a": ["t", "zz500"]}}, "no world has a variable 'zz500'; did you mean 'z500'"),
        ({"obs_vars": {"a": ["u"]}}, "none of the variables u; it has z500, t850"),
        ({"obs_frac": [2]}, "obs_frac=2.0: .*give a fraction"),
        ({"network": ["rnd"]}, "network='rnd'.*choose one of"),
        ({"network": ["stations"]}, "needs a stations file"),
        ({"withhold": [1]}, "withhold=1.0.*below 1"),
        ({"set": {"lo-sda.levels": 3}}, "--set lo-sda.*that method is not in this run"),
        ({"set": {"nothing": 3}}, "--set nothing.*no method of this run has that parameter"),
    ],
)
def test_what_is_not_there_is_told_with_its_cure(spec, fields, message):
    with pytest.raises(BenchError, match=f"(?s){message}"):
        expand(spec(**{"methods": ["3dvar"], **fields}), {}, COMMON)


def test_data_of_a_world_that_is_not_in_the_sweep(spec):
    with pytest.raises(BenchError, match=r"--data twin=.*not in this sweep"):
        expand(spec(), {"twin": "x.nc"}, COMMON)


def test_a_spec_has_its_usual_values():
    usual = SweepSpec(methods="3dvar", worlds="twin")
    assert (usual.design, usual.obs_frac, usual.seeds, usual.cases, usual.chunk) == ("product", (0.01,), (0,), 32, 32)


def test_a_world_that_a_flag_names_keeps_what_the_file_says_of_it():
    standard = find_sweep("standard")
    (twin,) = read_sweep(standard, {"worlds": ["twin"]}).worlds
    assert (twin.world, twin.cases) == ("twin", 16)
    (other,) = read_sweep(standard, {"worlds": ["gaussian"]}).worlds
    assert other.cases is None


def test_cases_by_flag_go_before_those_of_a_world():
    spec = read_sweep(find_sweep("standard"), {"cases": 3})
    assert (spec.cases, {world.cases for world in spec.worlds}) == (3, {None})
    assert len(spec.worlds) == 2


def test_the_standard_set_runs_with_a_method_that_has_not_its_parameters():
    spec = read_sweep(find_sweep("standard"), {"worlds": ["twin"], "methods": ["3dvar"]})
    assert expand(spec, {}, {})[0].request.overrides == {"": {}}
    spec = read_sweep(find_sweep("standard"), {"worlds": ["twin"], "methods": ["3dvar", "dps"]})
    assert expand(spec, {}, {})[0].request.overrides == {"": {"precision": "bfloat16"}}

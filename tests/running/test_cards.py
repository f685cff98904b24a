"""Method cards: of methods at hand, and of what is stored of those that are not here any more."""

import json
import sys

import pytest

from benchmark.observing import ObservingSpec
from benchmark.running.cards import card_of, join_cards, method_card
from benchmark.running.planning import plan_run
from benchmark.running.request import RunRequest
from benchmark.running.results.listing import list_results
from benchmark.running.store import ResultStore
from benchmark.training.context import open_context
from benchmark.worlds import load_spec
from methods import registry
from methods.registry import BUILT_IN, find_method
from methods.threedvar import ThreeDVar

PLUGIN = """
from pathlib import Path

from benchmark.problem import Analysis, Cost, Method

Path(__file__).with_name("imported").touch()


class Shift(Method):
    name = "shift"
    paper = "Nobody 2030"
    paper_url = "https://example.org/shift"
    family = "interpolation"
    uses_adjoint = False
    defaults = {"by": 0.5}

    def analyse(self, problem, members, noise):
        return Analysis.of((problem.background + self["by"])[:, None], Cost())
"""


@pytest.fixture(scope="module")
def twin(tmp_path_factory):
    spec = load_spec("twin")
    return open_context(spec, tmp_path_factory.mktemp("weights"), "cpu")


@pytest.fixture
def planned(twin, tmp_path):
    """Labels -> for each its run and the facts of the experiment as stored."""

    def go(*labels):
        request = RunRequest(world=twin.world.spec, observing=ObservingSpec(), methods=labels, cases=1)
        plan, store = plan_run(request, twin), ResultStore(tmp_path / "results")
        for run in plan.runs:
            store.prepare(run.experiment)
        facts = {one.id: one.facts for one in list_results(store)}
        return {run.label: (run, facts[run.experiment.id]) for run in plan.runs}

    return go


@pytest.fixture
def plugin(tmp_path, monkeypatch):
    """An installed plug-in: content of its module -> its folder."""

    def install(content=PLUGIN):
        (tmp_path / "shifting.py").write_text(content)
        monkeypatch.syspath_prepend(tmp_path)
        monkeypatch.delitem(sys.modules, "shifting", raising=False)
        monkeypatch.setattr(registry, "_plugins", lambda path: {"moved": "shifting:Shift"})
        return tmp_path

    yield install
    sys.modules.pop("shifting", None)


def test_what_is_stored_makes_the_card_of_the_method_at_hand(planned, twin):
    labels = [*(name for name in BUILT_IN if name != "exact"), "lo-sda[variant=guided]", "etkf[centre=ensemble]"]
    for label, (run, facts) in planned(*labels).items():
        assert card_of(label, facts, 12) == method_card(label, run.method, run.experiment, twin.world.spec, 12)


def test_a_card_in_full(planned):
    ((run, facts),) = planned("lo-sda[variant=guided,levels=7]").values()
    card = json.loads(json.dumps(card_of(run.label, facts, 12)))
    world = card["worlds"].pop("twin")
    assert card == {
        "label": "lo-sda[variant=guided,levels=7]",
        "name": "lo-sda",
        "version": find_method("lo-sda").version,
        "family": "diffusion",
        "paper": "Fei et al. 2025",
        "url": "https://arxiv.org/abs/2510.22562",
        "uses": {"background": True, "adjoint": True, "ensemble": False, "network": True, "truth": False},
        "worlds": {},
    }
    assert world["training_years"] == "2001-2010"
    assert world["components"] == ["autoencoder", "latent-prior"]
    assert world["hashes"] == run.experiment.weights
    assert (world["trials"], len(world["weights"])) == (12, 16)
    assert world["parameters"]["levels"] == 7


def test_the_weights_are_those_of_the_rows(planned):
    from benchmark.problem import hash_json

    runs = planned("3dvar", "lo-sda", "background")
    told = {label: card_of(label, facts)["worlds"]["twin"]["weights"] for label, (_, facts) in runs.items()}
    assert told["3dvar"] == hash_json(runs["3dvar"][0].experiment.weights)[:16]
    assert len(set(told.values())) == 3
    assert told["background"] == ""


def test_what_cards_tell_is_no_part_of_an_experiment(planned, monkeypatch):
    before = planned("3dvar")["3dvar"][0].experiment.id
    told = {"paper_url": "https://example.org", "family": "ensemble", "uses_adjoint": False, "uses_network": True}
    for name, value in told.items():
        monkeypatch.setattr(ThreeDVar, name, value)
    assert planned("3dvar")["3dvar"][0].experiment.id == before


def test_a_file_that_was_run_is_not_run_again_for_its_card(planned, tmp_path):
    (tmp_path / "shift.py").write_text(PLUGIN)
    label = f"{tmp_path / 'shift.py'}:Shift"
    ((run, facts),) = planned(label).values()
    assert method_card(label, run.method)["uses"]["background"] is True
    (tmp_path / "imported").unlink()
    for _ in range(2):
        card = card_of(label, facts)
        assert (card["name"], card["family"], card["uses"], card["url"]) == ("shift", "other", None, "")
        assert card["worlds"]["twin"]["parameters"] == {"by": 0.5}
        (tmp_path / "shift.py").unlink(missing_ok=True)
    assert not (tmp_path / "imported").exists()


def test_an_installed_plugin_has_its_card_while_its_source_is_the_same(planned, plugin):
    folder = plugin()
    ((_, facts),) = planned("moved").values()
    card = card_of("moved", facts)
    assert (card["name"], card["family"], card["url"]) == ("shift", "interpolation", "https://example.org/shift")
    assert card["uses"] == {"background": True, "adjoint": False, "ensemble": False, "network": False, "truth": False}
    (folder / "shifting.py").write_text(PLUGIN.replace("0.5", "0.7"))
    assert card_of("moved", facts)["uses"] is None
    assert card_of("moved", {**facts, "method.source": ""})["uses"] is None


@pytest.mark.parametrize("content", ["raise RuntimeError('broken')", "def broken(:", "Shift = 3"])
def test_a_plugin_that_cannot_be_imported_has_a_card_of_what_is_stored(planned, plugin, bench, content):
    plugin()
    ((_, facts),) = planned("moved").values()
    plugin(content)
    assert card_of("moved", facts)["uses"] is None
    listed = bench("methods").stdout
    assert next(line for line in listed.splitlines() if line.startswith("moved ")).split()[1] == "broken:"


def test_unsayable_labels_and_parameters_have_cards(planned):
    ((_, facts),) = planned("3dvar").values()
    for label in ("a[b", "[]", "<script>", ""):
        assert card_of(label, facts)["label"] == label
        assert card_of(label, {**facts, "method.source": "0" * 64})["uses"] is None
    assert card_of("3dvar", {**facts, "method.parameters.b_scale": [1]})["uses"] is None
    assert card_of("x", {})["worlds"] == {
        "": {"training_years": "", "weights": "", "components": [], "hashes": {}, "trials": 0, "parameters": {}}
    }


def test_a_worlds_name_is_no_path_to_read(planned, tmp_path):
    ((_, facts),) = planned("3dvar").values()
    other = tmp_path / "other.yaml"
    other.write_text(
        "name: twin\nchannels: [t850]\ntrain: 1990\nvalidate: 1991\ntest: 1992\nbackground: {kind: persistence}\n"
    )
    assert load_spec(other).fitting_years["train"] == [1990]
    card = card_of("3dvar", {**facts, "world.name": str(other)})
    assert card["worlds"][str(other)]["training_years"] == ""


def test_cards_of_a_label_are_joined_and_the_first_of_a_world_counts(planned):
    ((_, facts),) = planned("3dvar").values()
    cards = [card_of("3dvar", {**facts, "world.name": world}, n) for n, world in enumerate(("twin", "other", "twin"))]
    joined = join_cards([*cards, card_of("etkf", facts)])
    assert list(joined) == ["3dvar", "etkf"]
    assert {world: part["trials"] for world, part in joined["3dvar"]["worlds"].items()} == {"twin": 0, "other": 1}
    assert list(cards[0]["worlds"]) == ["twin"]


def test_an_address_is_of_the_paper_that_is_named():
    class Own(ThreeDVar):
        paper = "Somebody 2031"

    class Script(ThreeDVar):
        paper_url = "javascript:alert(1)"

    class Same(ThreeDVar):
        name = "same"

    assert [method_card("", kind())["url"] for kind in (Own, Script)] == ["", ""]
    assert method_card("", Same())["url"] == ThreeDVar.paper_url


def test_the_command_shows_cards(bench):
    (card,) = json.loads(bench("methods", "3dvar[b_scale=2]", "--world", "twin", "--json").stdout)
    assert card["worlds"]["twin"]["parameters"]["b_scale"] == 2
    assert card["worlds"]["twin"]["trials"] == 0
    (card,) = json.loads(bench("methods", "3dvar", "--world", "twin", "--json").stdout)
    assert card["worlds"]["twin"]["trials"] == 12
    shown = bench("methods", "sda", "--world", "twin").stdout
    assert "https://arxiv.org/abs/2306.10574" in shown
    assert "background: no" in shown
    assert "2001-2010" in shown
    assert [card["label"] for card in json.loads(bench("methods", "--json").stdout)] == list(BUILT_IN)


def test_the_command_tells_what_is_wrong(bench):
    assert bench("methods", "3dvaar").exit_code == 2
    assert "3dvar" in bench("methods", "3dvaar").stderr
    assert "--world" in bench("methods", "3dvar", "--data", "x.nc").stderr
    assert "gaussian" in bench("methods", "exact", "--world", "twin").stderr

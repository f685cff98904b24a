"""Whether a submission is what it says: ids, labels, cards, code, weights and commands, all made anew from facts."""

__all__ = ["check_identity"]

import math
import re
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any

from benchmark.problem import FAMILIES, BenchError, hash_json
from benchmark.weights import Card
from benchmark.worlds import library
from methods.registry import BUILT_IN, find_method
from metrics import find_region

from ..cards import card_of
from ..experiment import SCORE_VERSION
from ..results.collecting import ORIGINS
from ..results.commands import command_for
from ..results.result_set import Result
from .checks import RefusedError, refuse_all
from .contents import Submission
from .describing import Description, recomputed_id
from .labels import check_label, own_weights
from .members import NAME
from .strict_json import read_json

CARD = frozenset({"label", "name", "version", "family", "paper", "url", "uses", "worlds"})
USES = frozenset({"background", "adjoint", "ensemble", "network", "truth"})
OF_A_PLUG_IN = frozenset({*FAMILIES, "other", "reference"}) - {"oracle"}
COST = frozenset({"seconds_per_case", "network_calls", "network_forwards", "network_backwards", "operator_calls"})
COST |= {"iterations", "peak_memory_mb"}
PROVENANCE = frozenset({*ORIGINS, "values"})
SCHEMES = ("https://", "http://")


def check_identity(submission: Submission) -> str:
    """
    Returns:
        What it is, in words.

    Raises:
        RefusedError: If something is told that the facts do not give.
    """
    find_region(submission.results.region)
    reasons: list[str] = []
    for result in submission.results:
        try:
            _check(submission, result)
        except BenchError as error:
            reasons.append(f"{result.label} ({result.id}): {error}")
    refuse_all(reasons)
    _check_rows_are_apart(submission)
    _check_weights(submission)
    _check_code(submission)
    worlds = {result.world for result in submission.results}
    labels = dict.fromkeys(result.label for result in submission.results)
    return f"{len(submission.results)} experiments of {', '.join(labels)} on {', '.join(sorted(worlds))}"


def _check(submission: Submission, result: Result) -> None:
    record, description = submission.records[result.id], submission.description(result.id)
    method = description.method
    if recomputed_id(record) != result.id:
        raise RefusedError(f"its id is that of another experiment; it is {recomputed_id(record)}")
    if description.score_version != SCORE_VERSION:
        raise RefusedError(f"its statistics are of version {description.score_version}, and here is {SCORE_VERSION}")
    if description.world.name not in library():
        raise RefusedError(
            f"the world '{description.world.name}' is not one of the package's, which leaderboards are of"
        )
    if (method.name in BUILT_IN) != description.built_in:
        raise RefusedError(
            f"'{method.name}' is a method of the package and this has other code; give the class a name of its own"
            if method.name in BUILT_IN
            else f"'{method.name}' is no method of the package, and there is no hash of its code"
        )
    if description.built_in and method.version != (own := find_method(method.name).version):
        raise RefusedError(
            f"it is of version {method.version} of '{method.name}', and the package has {own}; run it anew"
        )
    check_label(result.label, description)
    description.observes()  # refuses an observing system in other words than the package's
    typed = submission.code.get(result.id) or method.name
    if submission.commands[result.id] != command_for(result.facts, typed, len(result.times)):
        raise RefusedError("its command is not the one that runs it")
    _check_numbers(result, record)
    _check_card(result, description)


def _check_card(result: Result, description: Description) -> None:
    card = result.card
    own = card_of(result.label, result.facts, int(result.provenance["trials"]))
    if description.built_in:
        if hash_json(card) != hash_json(own):
            raise RefusedError(f"its card is not that of the package's '{description.method.name}'")
        return
    if set(card) != CARD or any(card[key] != own[key] for key in ("label", "name", "version")):
        raise RefusedError(f"its card has other fields than {', '.join(sorted(CARD))}, or is of another method")
    if not all(isinstance(card[key], str) for key in ("family", "paper", "url")):
        raise RefusedError("a text of its card is none")
    if card["family"] not in OF_A_PLUG_IN:
        raise RefusedError(f"its card says to be of the family {card['family'][:40]!r}, which is none for submissions")
    if card["url"] and not card["url"].startswith(SCHEMES):
        raise RefusedError("the url of its card is no web address")
    uses = card["uses"]
    if (
        not isinstance(uses, dict)
        or set(uses) != USES
        or not all(v is None or isinstance(v, bool) for v in uses.values())
    ):
        raise RefusedError("its card does not say with true or false what it uses")
    if uses["truth"]:
        raise RefusedError("its card says that it sees the truth")
    if hash_json(_of_facts(card["worlds"])) != hash_json(_of_facts(own["worlds"])):
        raise RefusedError("what its card tells of its world, weights and parameters is not what was run")


def _of_facts(worlds: Any) -> Any:
    """Without the names of components: those without weights are known to the author alone."""
    if not isinstance(worlds, dict) or not all(isinstance(part, dict) for part in worlds.values()):
        raise RefusedError("its card does not tell of its world")
    for part in worlds.values():
        names = part.get("components")
        if not isinstance(names, list) or not all(
            isinstance(n, str) and re.fullmatch(NAME, n, re.ASCII) for n in names
        ):
            raise RefusedError("its card does not name its components")
    return {world: {k: v for k, v in part.items() if k != "components"} for world, part in worlds.items()}


def _check_numbers(result: Result, record: Mapping[str, Any]) -> None:
    cost, told = result.cost, result.provenance
    if set(cost) != COST or set(told) != PROVENANCE:
        raise RefusedError("its cost or provenance has other fields than a run gives")
    if not all(_is_number(value) and value >= 0 for value in cost.values()):
        raise RefusedError("its cost holds something that is no number, or negative")
    whole = ("trials", "seed", "observing_seed", "members", "threads")
    if not all(isinstance(told[key], int) and told[key] >= 0 for key in whole) or not _is_number(told["values"]):
        raise RefusedError("its provenance holds something that is no number, or negative")
    expected = {
        "data_hash": hash_json(record["world"])[:16],
        "weights_hash": hash_json(record["weights"])[:16],
        "seed": record["protocol"]["seed"],
        "observing_seed": record["observing"]["seed"],
    }
    for key, value in expected.items():
        if told[key] != value:
            raise RefusedError(f"the {key} of its rows is not that of its description")


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _check_rows_are_apart(submission: Submission) -> None:
    seen: set[str] = set()
    for result in submission.results:
        key = hash_json([result.label, *(submission.records[result.id][p] for p in ("world", "observing"))])
        if key in seen:
            raise RefusedError(f"{result.label} stands twice in one setting; give the variants labels of their own")
        seen.add(key)


def _check_weights(submission: Submission) -> None:
    """Weights are of components of the submitted methods, and are the ones that the rows come from."""
    wanted: dict[tuple[str, str], set[str]] = {}
    for result in submission.results:
        for name, digest in own_weights(submission.description(result.id)).items():
            wanted.setdefault((result.world, name), set()).add(digest)
    files = [PurePosixPath(name) for name in submission.members if name.startswith("weights/")]
    for file in files:
        world, component = file.parts[1], file.stem
        digests = wanted.get((world, component))
        if digests is None:
            raise RefusedError(f"{file} is no part of a submitted method")
        content = file.with_suffix(".safetensors")
        if {file.with_suffix(".json"), content} - set(files):
            raise RefusedError(f"{file} is without its card, or without its numbers")
        if file.suffix != ".json":
            continue
        read_json(submission.members[str(file)].read_bytes(), str(file))
        card = Card.read(submission.members[str(file)])
        if (card.component, card.world, card.file) != (component, world, content.name):
            raise RefusedError(f"the card {file} is of something else")
        if {card.sha256, submission.digests[str(content)]} != digests:
            raise RefusedError(f"{content} is not what the rows come from: its sha256 differs")


def _check_code(submission: Submission) -> None:
    """Nothing is imported: a file is what was run if it has the hash that the experiment's id was made with."""
    named: set[str] = set()
    for experiment, code in submission.code.items():
        description = submission.description(experiment)
        file, _, kind = code.partition(":")
        member = f"code/{file}"
        if description.built_in or not kind.isidentifier() or member not in submission.members:
            raise RefusedError(
                f"{code[:80]!r} is no FILE.py:Class that is packed, or it is named by a method of the package"
            )
        if submission.digests[member] != description.method.source:
            raise RefusedError(f"{member} is not the code that was run: its sha256 differs")
        named.add(member)
    if strangers := {name for name in submission.members if name.startswith("code/")} - named:
        raise RefusedError(f"{min(strangers)} is the code of no submitted method")

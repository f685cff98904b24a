"""From a finished run or sweep to an archive that `verify` accepts."""

__all__ = ["PackRequest", "Packed", "pack"]

import dataclasses
import hashlib
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmark.files import write_whole
from benchmark.problem import BenchError
from benchmark.training.context import Context
from benchmark.weights.shipping import COMPRESSED
from methods.registry import find_method

from ..cards import card_of, method_card
from ..experiment import MethodRequest
from ..results.collecting import collect
from ..results.commands import command_for
from ..results.result_set import Result, ResultSet
from ..runner import Progress
from ..store import ResultStore
from .analyses import pack_analyses
from .archive import write_archive
from .checks import UndoneError, Verification
from .contents import LEAST_CASES, commitment, manifest_member, submission_members
from .describing import Description
from .drawing import drawn_cases
from .labels import own_weights, submitted_label
from .members import CASES, LARGEST_ARCHIVE, MANIFEST, MOST_BYTES, VALUES, analyses_name
from .rerunning import analyse_cases, plan_of
from .verifying import VerifyRequest, verify
from .worlds import Worlds


@dataclasses.dataclass(frozen=True)
class PackRequest:
    """
    Arguments:
        methods: Names or labels of what is packed.
        results: Folder or URL of the stored results.
        archive: What is written.
        conditions: As of `choose`.
        region: Whose statistics.
        data: World -> path or URL of its fields.
        cases: Of every experiment, how many have their analyses packed.
        weights: Folder of the weights that the run had, None for the default one.
        source: File of a method that is not the package's, `FILE.py` or `FILE.py:Class`, None to leave code out.
        standard: As of `VerifyRequest`.
    """

    methods: tuple[str, ...]
    results: Path | str
    archive: Path
    conditions: tuple[str, ...] = ()
    region: str = "global"
    data: Mapping[str, str] = dataclasses.field(default_factory=dict)
    cases: int = LEAST_CASES
    weights: Path | None = None
    source: str | None = None
    standard: Path | str | None = None


@dataclasses.dataclass(frozen=True)
class Packed:
    """
    Arguments:
        bytes: Of the archive.
        verification: What `verify` says of it; nothing was run again but for packing it.
    """

    bytes: int
    verification: Verification


def pack(request: PackRequest, progress: Progress) -> Packed:
    """Packs results with the analyses of some cases, which are run again for it.

    Arguments:
        request: What is packed.
        progress: Hears of progress.

    Raises:
        BenchError: If there are no such results, a method cannot be run again, or `verify` would refuse the archive;
            then nothing is written.
    """
    if request.archive.suffix != ".zip":
        raise BenchError(f"Cannot write '{request.archive.name}': the name of a submission ends in .zip.")
    store = ResultStore(request.results)
    found = _asked_for(collect(store, request.region, request.conditions), request)
    records = store.experiments()
    packing = _Packing(request, {one.id: records[one.id] for one in found}, progress)
    results = dataclasses.replace(found, results=tuple(packing.renamed(one) for one in found))
    with tempfile.TemporaryDirectory(prefix="bench-submit-") as folder:
        place = Path(folder) / "submission.zip"
        members = packing.members(found, results)
        if (total := sum(len(content) for content in members.values())) > MOST_BYTES:
            raise BenchError(f"The submission has {total} bytes and may have {MOST_BYTES}; pack fewer with --where.")
        write_archive(place, members)
        told = verify(
            VerifyRequest(place, request.standard, request.data, request.weights, rerun=False),
            progress,
            packing.worlds,
        )
        for check in told.checks[:-1]:
            if check.verdict == "failed" or (check.verdict == "not done" and check.needed):
                raise BenchError(f"This would not be accepted ({check.name}): {check.note}.")
        if (size := place.stat().st_size) > LARGEST_ARCHIVE:
            raise BenchError(f"The archive has {size} bytes and may have {LARGEST_ARCHIVE}; pack fewer with --where.")
        write_whole(request.archive, lambda temporary: temporary.write_bytes(place.read_bytes()))
    return Packed(size, dataclasses.replace(told, file=str(request.archive)))


def _asked_for(results: ResultSet, request: PackRequest) -> ResultSet:
    known = {name for one in results for name in (one.label, one.method)}
    if missing := [name for name in request.methods if name not in known]:
        raise BenchError(
            f"There are no results of '{missing[0]}' in {request.results}; there are those of "
            f"{', '.join(sorted({one.label for one in results}))}."
        )
    chosen = results.only(lambda one: bool({one.label, one.method} & set(request.methods)))
    tested = chosen.only(lambda one: one.facts.get("protocol.split") == "test")
    if not len(tested):
        raise BenchError("None of these results are of the test years, and only those are submitted.")
    return tested


class _Packing:
    """
    Arguments:
        request: What is packed.
        records: What every experiment is, by id.
        progress: Hears of progress.
    """

    def __init__(self, request: PackRequest, records: Mapping[str, Mapping[str, Any]], progress: Progress) -> None:
        self.request, self.records, self.progress = request, records, progress
        self.worlds = Worlds(request.data, request.weights)
        self.descriptions = {key: Description.check(record) for key, record in records.items()}
        self.code, self.sources = self._sources()

    def renamed(self, result: Result) -> Result:
        """With the label that it gets among others' results, and the card of that."""
        description = self.descriptions[result.id]
        label = submitted_label(result.label, description)
        card = card_of(label, result.facts, int(result.provenance["trials"]))
        if not description.built_in:
            kind = find_method(self._method(result.label, description))
            parameters = {k: v for k, v in description.method.parameters.items() if k in kind.defaults}
            own = method_card(label, kind(**parameters))
            card |= {key: own[key] for key in ("family", "paper", "url", "uses")}
        return dataclasses.replace(result, label=label, card=card)

    def members(self, found: ResultSet, results: ResultSet) -> dict[str, bytes]:
        """
        Arguments:
            found: As stored.
            results: The same with the labels that are submitted.
        """
        commands = {
            one.id: command_for(one.facts, self.code.get(one.id) or one.method, len(one.times)) for one in results
        }
        members = submission_members(results, self.records, commands, self.code) | self.sources
        digests = (hashlib.sha256(members[name]).hexdigest() for name in (CASES, VALUES))
        committed = commitment(*digests)
        self.progress.start("experiments", len(found), 0)
        for one in found:
            members[analyses_name(one.id)] = self._analyses(one, committed)
            members |= self._weights(one, self.worlds.site(one.world).context)
            self.progress.step()
        members[MANIFEST] = manifest_member(results, self.request.cases, members)
        return members

    def _analyses(self, result: Result, committed: str) -> bytes:
        description = self.descriptions[result.id]
        times = drawn_cases(result.times, result.id, committed, self.request.cases)
        try:
            site = self.worlds.site(result.world)
        except UndoneError as undone:
            raise BenchError(f"The analyses cannot be made: {undone}.") from None
        plan = plan_of(description, site, self._method(result.label, description))
        if (now := plan.runs[0].experiment.id) != result.id:
            raise BenchError(
                f"'{result.label}' is another experiment here ({now}, not {result.id}): the code, the weights or the "
                "data were changed since the run; name its weights with --weights, or run it again."
            )
        return pack_analyses(analyse_cases(plan, site, times).members)

    def _method(self, label: str, description: Description) -> str:
        """What a method is called here."""
        if description.built_in:
            return ""
        path, _, kind = (self.request.source or "").partition(":")
        asked = MethodRequest.parse(label).name
        if not path or ".py:" not in asked:
            return asked
        return f"{path}:{kind or asked.rpartition(':')[2]}"

    def _sources(self) -> tuple[dict[str, str], dict[str, bytes]]:
        """`file.py:Class` by experiment, and the members that hold the files."""
        if self.request.source is None:
            return {}, {}
        path = Path(self.request.source.partition(":")[0])
        try:
            content = path.read_bytes()
        except OSError as error:
            raise BenchError(f"--source {path} cannot be read ({error.strerror}); check its path.") from None
        digest = hashlib.sha256(content).hexdigest()
        ran = [key for key, one in self.descriptions.items() if one.method.source == digest]
        if not ran:
            raise BenchError(f"--source {path} is not what was run: no experiment has its sha256; run it again.")
        return dict.fromkeys(ran, f"{path.name}:{self._class_of(path)}"), {f"code/{path.name}": content}

    def _class_of(self, path: Path) -> str:
        named = (self.request.source or "").partition(":")[2]
        labels = [MethodRequest.parse(name).name for name in self.request.methods]
        named = named or next((n.rpartition(":")[2] for n in labels if ".py:" in n), "")
        if not named:
            raise BenchError(f"Which class of {path} is the method? Write --source {path}:Class.")
        return named

    def _weights(self, result: Result, context: Context) -> dict[str, bytes]:
        """Cards and numbers of what does not ship with the package."""
        members = {}
        for name in own_weights(self.descriptions[result.id]):
            found = context.store.find(name)
            if found is None or found[0] != context.store.folder:
                continue
            folder, card = found
            if card.file.endswith(COMPRESSED):
                raise BenchError(f"{folder / card.file} is compressed; name a folder that bench train has written.")
            stem = f"weights/{result.world}/{name}"
            renamed = card.model_copy(update={"file": f"{name}.safetensors"})
            members[f"{stem}.json"] = (renamed.model_dump_json(indent=1) + "\n").encode()
            members[f"{stem}.safetensors"] = (folder / card.file).read_bytes()
        return members

"""Where fitted components live: a user's own folder first, then what the package ships."""

__all__ = ["SHIPPED", "WeightsStore", "rounded", "user_folder"]

import hashlib
import importlib.metadata
import lzma
import os
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import torch
from safetensors import SafetensorError
from safetensors.torch import load as from_bytes
from safetensors.torch import save as to_bytes

from benchmark.files import write_whole
from benchmark.problem import BenchError, Channel, Component, Grid, first_line

from .card import Card
from .eight_bits import pack_matrices, unpack_matrices
from .shipping import COMPRESSED, decompress

SHIPPED = Path(__file__).parent / "shipped"


def user_folder() -> Path:
    """`$ASSIMBENCH_WEIGHTS`, or the user's cache folder."""
    named = os.environ.get("ASSIMBENCH_WEIGHTS")
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return Path(named) if named else cache / "assimbench" / "weights"


Part = TypeVar("Part", bound=Component)


class WeightsStore:
    """Components of one world.

    Arguments:
        world: Name of the world.
        grid: Its grid.
        channels: Its channels.
        training_hash: Of its training and validation fields and its kind of background.
        folder: The user's folder, `user_folder()` by default.
        shipped: The package's folder, None to look only in the user's.
    """

    def __init__(
        self,
        world: str,
        grid: Grid,
        channels: Sequence[Channel],
        training_hash: str,
        folder: Path | None = None,
        shipped: Path | None = SHIPPED,
    ) -> None:
        self.world, self.grid, self.training_hash = world, grid, training_hash
        self.channels = tuple(c.name for c in channels)
        self.folder = (folder or user_folder()) / world
        self.shipped = None if shipped is None else shipped / world

    def find(self, name: str) -> tuple[Path, Card] | None:
        """The folder and card of a component that fits this world, the user's before the shipped one.

        Raises:
            BenchError: If there are weights of that name but none fits; the message says why.
        """
        reasons: list[str] = []
        for folder in (self.folder, self.shipped):
            if folder is None or not (folder / f"{name}.json").exists():
                continue
            card = Card.read(folder / f"{name}.json")
            reason = self._misfit(card)
            if reason is None:
                for told in reasons:
                    warnings.warn(f"{told}; those that ship with the package are used.", stacklevel=2)
                return folder, card
            reasons.append(f"{folder / card.file} {reason}")
        if reasons:
            raise BenchError(
                f"The weights of '{name}' do not fit this world: {'; '.join(reasons)}. "
                f"Train them with: bench train {name} --world {self.world}"
            )
        return None

    def _misfit(self, card: Card) -> str | None:
        if card.channels != self.channels:
            return f"are for the channels {', '.join(card.channels)}, not {', '.join(self.channels)}"
        if card.grid_hash != self.grid.hash:
            return "are for another grid"
        if card.training_hash != self.training_hash:
            return "were trained on other data (the training or validation years, or the background, differ)"
        for other, digest in card.depends.items():
            found = self.find(other)
            if found is None or found[1].sha256 != digest:
                return f"were trained with another '{other}'"
        return None

    def load(self, kind: type[Part]) -> tuple[Part, Card] | None:
        """A component and its card, or None if nobody has trained it.

        Raises:
            BenchError: If the file is missing, truncated or not what its card says, or fits another world.
        """
        name = kind.name
        found = self.find(name)
        if found is None:
            return None
        folder, card = found
        path = folder / card.file
        cure = f"train it again with: bench train {name} --world {self.world}"
        if not path.is_file():
            raise BenchError(f"The weights file {path} is missing; {cure}")
        changed = BenchError(f"The weights file {path} is truncated or was changed (its sha256 differs); {cure}")
        try:
            content = path.read_bytes()
            content = decompress(content) if path.name.endswith(COMPRESSED) else content
        except lzma.LZMAError:
            raise changed from None
        if hashlib.sha256(content).hexdigest() != card.sha256:
            raise changed
        try:
            tensors = {k: v.float() if v.is_floating_point() else v for k, v in _read(content).items()}
            component = kind.from_state(tensors, card.settings)
            component.attach({part.name: self._part(part, card) for part in component.builds_on})
            return component, card
        except (SafetensorError, RuntimeError, KeyError, TypeError, ValueError) as error:
            raise BenchError(f"The weights file {path} cannot be used ({first_line(error)}); {cure}") from error

    def _part(self, kind: type[Component], card: Card) -> Component:
        loaded = self.load(kind)
        if loaded is None:
            raise BenchError(
                f"The weights of '{card.component}' build on '{kind.name}', which is not there; train it with: "
                f"bench train {kind.name} --world {self.world}"
            )
        return loaded[0]

    def save(self, component: Component, **facts: Any) -> Card:
        """Writes a component, in half precision or fewer bits, and its card to the user's folder.

        The weights get a name of their own and the card is renamed last, so a run that is killed in between
        leaves the old pair.

        Arguments:
            component: What to write.
            facts: Further fields of the card.

        Raises:
            BenchError: If the folder cannot be written or the disk is full.
        """
        tensors, settings = component.state()
        tensors = _stored(component, tensors)
        replaced = self._written(component.name)
        content = to_bytes(tensors)
        digest = hashlib.sha256(content).hexdigest()
        final = self.folder / f"{component.name}-{digest[:10]}.safetensors"
        write_whole(final, lambda temporary: temporary.write_bytes(content))
        card = Card(
            component=component.name,
            world=self.world,
            file=final.name,
            sha256=digest,
            grid_hash=self.grid.hash,
            channels=self.channels,
            training_hash=self.training_hash,
            settings=settings,
            versions=_versions(),
            **facts,
        )
        text = card.model_dump_json(indent=1) + "\n"
        place = self.folder / f"{component.name}.json"
        write_whole(place, lambda temporary: temporary.write_text(text))
        # only what was there before: another run may be about to name its own file
        if replaced and replaced != final.name:
            (self.folder / replaced).unlink(missing_ok=True)
        return card

    def _written(self, name: str) -> str | None:
        """The file that the card in the user's folder names."""
        try:
            return Path(Card.read(self.folder / f"{name}.json").file).name
        except BenchError:
            return None


def _stored(component: Component, tensors: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    return {k: _storable(v) for k, v in pack_matrices(tensors, component.eight_bits).items()}


def _read(content: bytes) -> dict[str, torch.Tensor]:
    return unpack_matrices(from_bytes(content))


def _storable(tensor: torch.Tensor) -> torch.Tensor:
    tensor = tensor.detach().cpu().contiguous().clone()
    # vectors are small, and a variance may lie below what half precision can hold
    return tensor.half() if tensor.is_floating_point() and tensor.ndim > 1 else tensor


def rounded(component: Part) -> Part:
    """The component as it comes back from the store."""
    tensors, settings = component.state()
    stored = unpack_matrices(_stored(component, tensors))
    return type(component).from_state({k: v.to(tensors[k].dtype) for k, v in stored.items()}, settings)


def _versions() -> dict[str, str]:
    names = ("assimbench", "torch", "azula")
    found = {}
    for name in names:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            found[name] = "not installed"
    return found

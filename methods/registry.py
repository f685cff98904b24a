"""Where methods are found: the built-in ones, installed plug-ins, and single files."""

__all__ = ["BUILT_IN", "ENTRY_POINTS", "find_method", "is_oracle", "method_names", "source_hash"]

import functools
import hashlib
import importlib
import importlib.metadata
import importlib.util
import inspect
import sys
from pathlib import Path

from benchmark.problem import BenchError, Method, Oracle, closest

ENTRY_POINTS = "assimbench.methods"
BUILT_IN = {
    "background": "methods.background:Background",
    "climatology": "methods.climatology:Climatology",
    "interpolation": "methods.interpolation:Interpolation",
    "3dvar": "methods.threedvar:ThreeDVar",
    "3dvar-corrected": "methods.corrected_threedvar:CorrectedThreeDVar",
    "latent-3dvar": "methods.latent_threedvar:LatentThreeDVar",
    "vae-var": "methods.vae_var:VAEVar",
    "lo-sda": "methods.losda:LOSDA",
    "denoising-3dvar": "methods.denoising_threedvar:DenoisingThreeDVar",
    "latent-denoising-3dvar": "methods.denoising_threedvar:LatentDenoisingThreeDVar",
    "daps": "methods.daps:DAPS",
    "latent-daps": "methods.daps:LatentDAPS",
    "diffda": "methods.diffda:DiffDA",
    "latent-diffda": "methods.diffda:LatentDiffDA",
    "mmps": "methods.mmps:MMPS",
    "dps": "methods.dps:DPS",
    "latent-dps": "methods.dps:LatentDPS",
    "align-da": "methods.align_da:AlignDA",
    "sda": "methods.sda:SDA",
    "no-observations": "methods.no_observations:NoObservations",
    "autoencoder": "methods.autoencoder_oracle:AutoencoderOracle",
    "exact": "methods.exact:Exact",
    "enkf": "methods.enkf:EnKF",
    "etkf": "methods.etkf:ETKF",
    "letkf": "methods.letkf:LETKF",
    "ensf": "methods.ensf:EnSF",
    "latent-ensf": "methods.latent_ensf:LatentEnSF",
    "enoi": "methods.enoi:EnOI",
}
ORACLES = ("autoencoder",)
"""Those of them that are shown the truth."""


def _places() -> dict[str, str]:
    return _plugins(tuple(sys.path)) | BUILT_IN


@functools.lru_cache(4)
def _plugins(path: tuple[str, ...]) -> dict[str, str]:
    """Names of installed plug-ins and where they are; looking through all that is installed takes a while."""
    return {p.name: p.value for p in importlib.metadata.entry_points(group=ENTRY_POINTS)}


def find_method(name: str) -> type[Method]:
    """The class of a method.

    Arguments:
        name: A built-in name, the name of an installed plug-in (an entry point in the group
            `assimbench.methods`), or `path/to/file.py:Class`.

    Raises:
        BenchError: If there is no such method, or it cannot be imported, or it is not a `Method`.
    """
    if ".py:" in name:
        return _checked(name, _from_file(*name.rsplit(":", 1)))
    places = _places()
    if name not in places:
        raise BenchError(f"There is no method called '{name}'; {closest(name, places)}")
    module, _, attribute = places[name].partition(":")
    try:
        found = getattr(importlib.import_module(module), attribute)
    except Exception as error:  # a plug-in's module may raise anything
        told = f"{type(error).__name__}: {error}"
        raise BenchError(f"Method '{name}' cannot be imported from {places[name]}: {told}") from error
    return _checked(name, found)


def _from_file(path: str, attribute: str) -> object:
    if not Path(path).is_file():
        raise BenchError(f"There is no file {path}; give a method as path/to/file.py:Class.")
    # files of one name in two folders are two modules
    folder = hashlib.sha256(str(Path(path).resolve().parent).encode()).hexdigest()[:8]
    spec = importlib.util.spec_from_file_location(f"assimbench_plugin_{folder}_{Path(path).stem}", path)
    if spec is None or spec.loader is None:
        raise BenchError(f"{path} is not a Python file.")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        raise BenchError(f"{path} cannot be imported: {type(error).__name__}: {error}") from error
    if not hasattr(module, attribute):
        raise BenchError(f"{path} defines no '{attribute}'; {closest(attribute, vars(module))}")
    return getattr(module, attribute)


def _checked(name: str, found: object) -> type[Method]:
    if not (isinstance(found, type) and issubclass(found, Method)):
        raise BenchError(f"'{name}' is not a subclass of benchmark.problem.Method; derive it from that.")
    if name not in BUILT_IN and (issubclass(found, Oracle) or getattr(found, "name", "") in ORACLES):
        raise BenchError(
            f"'{name}' is an oracle or calls itself one, and only the built-in {' and '.join(ORACLES)} is shown the "
            "truth; derive it from benchmark.problem.Method and give it a name of its own."
        )
    if inspect.isabstract(found):
        raise BenchError(f"'{name}' does not implement {', '.join(sorted(found.__abstractmethods__))}; add it.")
    return found


def is_oracle(method: type[Method]) -> bool:
    """Whether a class is one of the built-in oracles itself: not another of its name, and no subclass."""
    return any(method is find_method(name) for name in ORACLES)


def source_hash(method: type[Method]) -> str:
    """sha256 of the file of a method that is not built in, so that results of edited code are not taken for its.

    Empty for built-in methods, which have versions.
    """
    if method.__module__.partition(".")[0] == __name__.partition(".")[0]:
        return ""
    try:
        return hashlib.sha256(Path(inspect.getfile(method)).read_bytes()).hexdigest()
    except (OSError, TypeError):
        return ""


def method_names() -> list[str]:
    """Names of the methods that are built in or installed; nothing is imported."""
    return list(_places())

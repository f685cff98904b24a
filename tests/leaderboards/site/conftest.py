"""Made-up content, and a browser."""

import contextlib
import copy
import importlib.util
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

ARGUMENTS = [
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
]


FEW = ("3dvar", "3dvar-corrected", "enkf", "letkf", "ensf", "interpolation", "lo-sda", "mmps", "dps", "denoising-3dvar")
ASIDE = ("background", "climatology", "autoencoder")


@pytest.fixture(scope="session")
def made_up() -> ModuleType:
    """The module of made-up content."""
    spec = importlib.util.spec_from_file_location("made_up", Path(__file__).parent / "made_up.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def standard_content(made_up: ModuleType) -> dict[str, Any]:
    """Of the standard set's size. Read-only."""
    return made_up.make_content()


@pytest.fixture(scope="session")
def few_methods(made_up: ModuleType, standard_content: dict[str, Any]) -> dict[str, Any]:
    """The same of thirteen methods. Read-only."""
    return made_up.keep_methods(standard_content, {*FEW, *ASIDE})


@pytest.fixture
def content(few_methods: dict[str, Any]) -> dict[str, Any]:
    """The same, to be changed."""
    return copy.deepcopy(few_methods)


@contextlib.contextmanager
def chromium() -> Iterator[Any]:
    """Headless Chromium; without it, or without Playwright, the test is skipped, and with CI=true it fails."""
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        _absent("Playwright is not installed: pip install 'assimbench[test]'")
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if path is None:
        _absent("there is no Chromium: on Debian and Ubuntu install the package chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """One for all tests of a file."""
    with chromium() as found:
        yield found


def _absent(message: str) -> None:
    if os.environ.get("CI") == "true":
        pytest.fail(message)
    pytest.skip(message)

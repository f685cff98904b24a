"""`bench train` killed by the operating system in the middle of it."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest
import torch

SETTINGS = ("--set", "autoencoder.plan.epochs=8", "--set", "autoencoder.plan.batch=128")


@pytest.fixture
def one_thread():
    """Sums in another order would differ in their last bits."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def without_autoencoder(world, folder):
    copy = world.copy(folder)
    for file in [*copy.cards.glob("autoencoder*"), *copy.cards.glob("latent-prior*")]:
        file.unlink()
    return copy


def card_of(world):
    return json.loads((world.cards / "autoencoder.json").read_text())


def test_a_killed_training_resumes_to_the_same_weights(bench, small_world, tmp_path, one_thread):
    killed = without_autoencoder(small_world, tmp_path / "killed")
    checkpoint = killed.cards / "checkpoints" / "autoencoder.safetensors"
    command = [sys.executable, "-c", "from benchmark.cli import main; main()", "train", "autoencoder"]
    with subprocess.Popen(
        [*command, *SETTINGS, *killed.options],
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        deadline = time.monotonic() + 120
        while not checkpoint.exists() and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.005)
        process.send_signal(signal.SIGKILL)
    assert process.returncode == -signal.SIGKILL
    assert checkpoint.exists()
    assert not list(killed.cards.glob("autoencoder*"))

    result = bench("train", "autoencoder", *SETTINGS, *killed.options)
    assert result.exit_code == 0, result.stderr
    assert not checkpoint.exists()
    whole = without_autoencoder(small_world, tmp_path / "whole")
    assert bench("train", "autoencoder", *SETTINGS, *whole.options).exit_code == 0
    assert card_of(killed)["sha256"] == card_of(whole)["sha256"]
    assert card_of(killed)["scores"] == card_of(whole)["scores"]
    # epochs before the kill were not done again: they are not among what the second process reported
    assert "epoch 1:" not in result.stderr
    assert "epoch 8:" in result.stderr

"""A generator in plain torch, as `artgen bench` asks for it."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from artgen_osc.errors import ModelError
from artgen_osc.inference import modelfile
from tests.live.servers import ROOT
from tests.test_generator import write_model
from training.eager import eager_generator
from training.export import export_generator
from training.gan import Generator

pytestmark = pytest.mark.slow

CARD = {"kind": "generator", "size": 64, "width": 8, "z_dim": 8, "n_mood": 2, "trained_on": "-", "licence": "-"}


@pytest.fixture
def exported(tmp_path: Path) -> Path:
    """One that was never trained: its batch norms are equal, and the exporter keeps one copy of them."""
    torch.manual_seed(1)
    path = tmp_path / "new.onnx"
    export_generator(Generator(64, 8, 8), path, CARD)
    return path


def test_it_paints_what_the_engine_paints(exported: Path) -> None:
    z, mood = torch.randn(1, 8), torch.rand(1, 2)
    with torch.no_grad():
        wanted = eager_generator(exported)(z, mood).numpy()
    (got,) = modelfile.Engine(modelfile.load(exported, "generator"), exact=True)(z.numpy(), mood.numpy())
    np.testing.assert_allclose(got, wanted, atol=1e-4)


def test_another_kind_of_network(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"isn't a network of training\.gan"):
        eager_generator(write_model(tmp_path / "m.onnx"))


def test_it_answers_each_line(exported: Path) -> None:
    command = [sys.executable, "-m", "training.eager", str(exported)]
    answer = subprocess.run(command, input="\n\n\n", capture_output=True, text=True, cwd=ROOT, timeout=60, check=True)
    first, *times = answer.stdout.splitlines()
    assert first == "ready"
    assert len(times) == 3
    assert all(float(seconds) > 0.0 for seconds in times)

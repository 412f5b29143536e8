"""What the tests of the generator's training share."""

from pathlib import Path

import pytest

from tests.tiny_gan import tiny_options
from training.gan_trainer import Options


@pytest.fixture
def options(tmp_path: Path) -> Options:
    return tiny_options(tmp_path)

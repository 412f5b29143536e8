"""Loading music, training the mood network and evaluating it, at tiny width on sound made here."""

import argparse
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from artgen_osc.errors import ConfigError, ModelError  # noqa: E402 (torch decides whether this file runs)
from artgen_osc.modelfile import Engine, load as load_model  # noqa: E402
from artgen_osc.mood import MoodEstimator  # noqa: E402
from artgen_osc.mood_mel import FLOOR_DB, N_MELS, WINDOW_COLUMNS  # noqa: E402

"""The network that hears beats: BeatNet's, trained further (see train_beats.py).

``weights/beatnet.safetensors`` holds the three networks of the package BeatNet (see MODELS.md):

    pip download --no-deps BeatNet && unzip BeatNet-*.whl
    python -m training.beat_net BeatNet/models training/weights/beatnet.safetensors
"""

import sys
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.nn import functional as F

from artgen_osc.analysis.rhythm.spectrum import N_FEATURES
from artgen_osc.runtime.files import whole
from training.command import Parser, named_path, run_command
from training.output import need_writable

WEIGHTS = Path(__file__).parent / "weights" / "beatnet.safetensors"
MODELS = 3
UNITS, LAYERS = 150, 2
_KERNEL = 10


class BeatNet(nn.Module):
    """Convolution over bands, then two LSTM layers: causal.

    Parameters
    ----------
    model : 1, 2 or 3, whose published weights to start from; None for random ones
    """

    def __init__(self, model: int | None = None) -> None:
        super().__init__()
        self.conv1 = nn.Conv1d(1, 2, _KERNEL)
        self.linear0 = nn.Linear(2 * ((N_FEATURES - _KERNEL + 1) // 2), UNITS)
        self.lstm = nn.LSTM(UNITS, UNITS, LAYERS, batch_first=True)
        self.linear = nn.Linear(UNITS, 3)
        if model is not None:
            prefix = f"model{model}."
            weights = load_file(WEIGHTS)
            self.load_state_dict(
                {n.removeprefix(prefix): w.float() for n, w in weights.items() if n.startswith(prefix)}
            )

    def forward(self, rows: Tensor, hidden: Tensor, cell: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Probabilities of beats, row by row.

        Parameters
        ----------
        rows : ``(n, t, N_FEATURES)``
        hidden, cell : ``(LAYERS, n, UNITS)``, the state before the first row, zero at the start

        Returns
        -------
        ``(n, t, 3)`` probabilities of a beat that is no downbeat, a downbeat, and neither; the state after the last row
        """
        count, length, _ = rows.shape
        maps = F.max_pool1d(F.relu(self.conv1(rows.reshape(count * length, 1, -1))), 2)
        values = self.linear0(maps.flatten(1)).reshape(count, length, UNITS)
        values, (hidden, cell) = self.lstm(values, (hidden, cell))
        return self.linear(values).softmax(2), hidden, cell

    def start(self, count: int = 1) -> tuple[Tensor, Tensor]:
        """The state before any sound."""
        return torch.zeros(LAYERS, count, UNITS), torch.zeros(LAYERS, count, UNITS)


def teach(rows: Tensor) -> Tensor:
    """What the three published networks hear on average: ``(t, N_FEATURES)`` to ``(t, 3)`` probabilities."""
    networks = [BeatNet(model).eval() for model in range(1, MODELS + 1)]
    with torch.no_grad():
        return torch.stack([net(rows[None], *net.start())[0][0] for net in networks]).mean(0)


def _convert() -> None:
    parser = Parser(prog="python -m training.beat_net", description="Convert the weights of the package BeatNet.")
    parser.add_argument("folder", type=named_path, help="with model_1_weights.pt and its two neighbours")
    parser.add_argument("file", type=named_path, help="the safetensors file to write")
    given = parser.parse_args()
    need_writable("", given.file)
    weights = {}
    for model in range(1, MODELS + 1):
        loaded = torch.load(given.folder / f"model_{model}_weights.pt", map_location="cpu", weights_only=True)
        weights |= {f"model{model}.{name}": value.half().contiguous() for name, value in loaded.items()}
    with whole(given.file) as fresh:
        save_file(weights, fresh)


if __name__ == "__main__":
    sys.exit(run_command("beat_net", _convert))

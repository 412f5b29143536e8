"""Teach a generator without a mood input to obey valence and energy.

python -m training.fit_mood my-stylegan.onnx

It paints with many latent points and measures the mood of each picture's colours. A small network learns to
predict that mood from the point; the renderer follows its slope to the nearest point with the mood that is asked
for, and corrects itself by the pictures that come out (`visuals.generators.mood_directions`). Then it paints
steered points, sees where they went wrong, and learns from those too. What was learned lies beside the model, as
NAME.mood.safetensors, and the renderer uses it by itself.
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.numpy import save_file
from torch import Tensor, nn
from torch.nn import functional as F
from tqdm import tqdm

from artgen_osc.errors import ModelError
from artgen_osc.inference.modelfile import CARD_KEY, graph_sha256, has_card, weights_sha256
from artgen_osc.runtime.files import whole
from artgen_osc.runtime.text import say
from training.command import MOST_THREADS, Parser, named_path, need_file, number, run_command, whole_number
from training.evaluate_gan import COARSE, r2
from training.output import need_writable
from training.pictures import MoodScale, colour_mood, to_float
from visuals.generators.foreign import ForeignGenerator
from visuals.generators.mood_directions import KIND, MoodDirections, directions_file

HIDDEN = 48
STEPS = 600
ROUNDS = 3
"""How often it learns from steered points; each round paints a quarter of the first pictures again."""

HELD_OUT = 5
"""Every fifth point judges the network."""

SETTLED = 16
"""Pictures after which the renderer has seen what it asked for too much or too little."""

Weights = dict[str, np.ndarray]


class _Foreteller(nn.Module):
    """The network of `visuals.generators.mood_directions`, in training."""

    def __init__(self, start: Tensor, hidden: int) -> None:
        super().__init__()
        z_dim = start.shape[1] - 1
        self.bias, self.linear = nn.Parameter(start[:, -1].clone()), nn.Parameter(start[:, :-1].clone())
        self.hidden = nn.Parameter(torch.randn(hidden, z_dim) / z_dim**0.5)
        self.shift = nn.Parameter(torch.randn(hidden) * 0.5)
        self.out = nn.Parameter(torch.zeros(2, hidden))

    def forward(self, points: Tensor) -> Tensor:
        active = torch.tanh(F.linear(points, self.hidden, self.shift))
        return F.linear(points, self.linear, self.bias) + F.linear(active, self.out)

    def weights(self) -> Weights:
        return {name: value.detach().numpy().copy() for name, value in self.named_parameters()}


def _ridge(points: Tensor, moods: Tensor, strength: float) -> Tensor:
    """Linear fit, ``(2, z_dim + 1)`` with the constant last."""
    rows = torch.cat([points, torch.ones(len(points), 1)], 1).double()
    square = rows.T @ rows + strength * torch.eye(rows.shape[1], dtype=torch.float64)
    return torch.linalg.solve(square, rows.T @ moods.double()).T.float()


def fit(points: Tensor, moods: Tensor) -> tuple[Weights, float]:
    """The network that predicts the mood best on points that it didn't learn from.

    Parameters
    ----------
    points : ``(n, z_dim)``, each of length ``sqrt(z_dim)``
    moods : ``(n, 2)``, measured

    Returns
    -------
    weights : for `visuals.generators.mood_directions.MoodDirections`
    error : mean squared, on the points held out
    """
    torch.manual_seed(0)
    held = torch.arange(len(points)) % HELD_OUT == HELD_OUT - 1
    learn, learn_moods, judge, judge_moods = points[~held], moods[~held], points[held], moods[held]
    tries = [_Foreteller(_ridge(learn, learn_moods, strength), 0) for strength in (1.0, 10.0, 100.0, 1000.0)]
    errors = [F.mse_loss(linear(judge), judge_moods).item() for linear in tries]
    best_error = min(errors)
    linear = tries[errors.index(best_error)]
    best = linear.weights()
    network = _Foreteller(torch.cat([linear.linear, linear.bias[:, None]], 1).detach(), HIDDEN)
    optimizer = torch.optim.AdamW(network.parameters(), lr=0.01, weight_decay=0.02)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 0.01, total_steps=STEPS)
    for step in range(STEPS):
        loss = F.mse_loss(network(learn), learn_moods)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
        if step % 10 == 9:
            with torch.no_grad():
                error = F.mse_loss(network(judge), judge_moods).item()
            if error < best_error:
                best_error, best = error, network.weights()
    return best, best_error


class _Studio:
    """Paints and measures."""

    def __init__(self, generator: ForeignGenerator, truncation: float) -> None:
        self._generator = generator
        self.truncation = truncation
        self._draw = np.random.default_rng(1)

    def moods(self, n: int) -> np.ndarray:
        """Moods to ask for, ``(n, 2)``, over the whole square."""
        return self._draw.random((n, 2)).astype(np.float32)

    def points(self, n: int) -> Iterator[np.ndarray]:
        """Random points ``(z_dim,)`` of length ``sqrt(z_dim)``."""
        for _ in range(n):
            z = self._draw.standard_normal(self._generator.z_dim)
            yield (z * np.sqrt(len(z)) / np.linalg.norm(z)).astype(np.float32)

    def paint(self, points: list[np.ndarray], doing: str) -> tuple[Tensor, Tensor]:
        """Pleasure and arousal ``(n, 2)`` of the pictures, and the pictures as ``(n, 3 * COARSE ** 2)``."""
        measured, small = [], []
        for z in tqdm(points, desc=doing):
            # A model with a truncation input shortens by itself; for others the point is what is shown.
            frame = self._generator.paint(z, self.truncation)
            picture = to_float(torch.from_numpy(frame).permute(2, 0, 1)[None])
            measured.append(colour_mood(picture))
            small.append(F.adaptive_avg_pool2d(picture, COARSE).flatten(1))
        return torch.cat(measured), torch.cat(small)


def fit_mood(path: Path, count: int, check: int, threads: int, truncation: float) -> dict[str, Any]:
    """Fit, write the file, and return the figures on fresh points.

    Parameters
    ----------
    path : of a foreign generator's ONNX file; what is fitted is written beside it
    count : pictures to learn from at first; a quarter as many come with each round
    check : pictures that are painted to measure the result
    threads : of the processor
    truncation : 0..1, of the truncation trick

    Raises
    ------
    ModelError
        The model can't be used, has a mood input already, or its pictures all have the same colours.
    """
    if has_card(path):
        raise ModelError(f"{path}: was exported by artgen and obeys the mood already; nothing is to be fitted")
    generator = ForeignGenerator(path, threads, steered=False)
    if generator.has_mood:
        raise ModelError(f"{path}: has a mood input already; nothing is to be fitted")
    studio = _Studio(generator, truncation)
    points = list(studio.points(count))
    measured, plain = studio.paint(points, f"paint {count} pictures")
    try:
        scale = MoodScale.of(measured)
    except ValueError as error:
        raise ModelError(f"{path}: {error}; choose another model") from None
    moods = scale.to_mood(measured)
    scaled = {"mean": scale.mean.numpy(), "deviation": scale.deviation.numpy()}
    weights, error = fit(torch.from_numpy(np.stack(points)), moods)
    predicted = 1 - error / moods.var(0).mean().item()
    for turn in range(ROUNDS):
        directions = MoodDirections({**weights, **scaled})
        asked = studio.moods(count // 4)
        fresh = [directions.turn(z, mood) for z, mood in zip(studio.points(len(asked)), asked, strict=True)]
        measured, _ = studio.paint(fresh, f"round {turn + 1} of {ROUNDS}")
        points += fresh
        moods = torch.cat([moods, scale.to_mood(measured)])
        weights, _ = fit(torch.from_numpy(np.stack(points)), moods)
    card = {
        "kind": KIND,
        "model": path.name,
        "model_sha256": graph_sha256(path.read_bytes()),
        "trained_on": f"{len(points)} pictures that {path.name} painted",
        "licence": f"as {path.name}",
        "r2_foretold": predicted,
    }
    _save(path, {**weights, **scaled}, card)
    figures = _check(
        ForeignGenerator(path, threads), MoodDirections({**weights, **scaled}), studio, check, scale, plain
    )
    _save(path, {**weights, **scaled}, {**card, **figures})
    return figures


def _save(path: Path, weights: Weights, card: dict[str, Any]) -> None:
    with whole(directions_file(path)) as fresh:
        save_file(weights, fresh, {CARD_KEY: json.dumps({**card, "sha256": weights_sha256(weights)})})


def _check(
    renderer: ForeignGenerator, directions: MoodDirections, studio: _Studio, count: int, scale: MoodScale, plain: Tensor
) -> dict[str, float | int]:
    """Figures on fresh points and moods: for the first picture of each, and for what the renderer shows soon after."""
    asked = studio.moods(count)
    points = list(studio.points(count))
    turned = [directions.turn(z, mood) for z, mood in zip(points, asked, strict=True)]
    measured, steered = studio.paint(turned, "check")
    first = r2(torch.from_numpy(asked), scale.to_mood(measured)).tolist()
    settled = []
    few = count // 4
    for z, mood in zip(points[:few], tqdm(asked[:few], desc="settle"), strict=True):
        frames = [renderer(z, mood, studio.truncation) for _ in range(SETTLED)]
        settled.append(directions.measure(frames[-1]))
    after = r2(torch.from_numpy(asked[:few]), torch.from_numpy(np.stack(settled))).tolist()
    cosine = [np.clip(z @ other / len(z), -1, 1) for z, other in zip(points, turned, strict=True)]
    return {
        "n": count,
        "r2_valence": after[0],
        "r2_energy": after[1],
        "r2_valence_first": first[0],
        "r2_energy_first": first[1],
        "diversity": (F.pdist(steered[:500]).mean() / F.pdist(plain[:500]).mean()).item(),
        "turned_degrees": float(np.degrees(np.arccos(cosine)).mean()),
    }


def main(arguments: list[str] | None = None) -> int:
    """Entry point."""
    return run_command("fit_mood", lambda: _run(arguments))


def _run(arguments: list[str] | None) -> None:
    parser = Parser(
        prog="python -m training.fit_mood",
        description="Teach a generator without a mood input to obey valence and energy.",
        epilog="example: python -m training.fit_mood my-stylegan.onnx",
    )
    parser.add_argument("model", type=named_path, help="an ONNX file; docs/own-generator.md says which can be used")
    parser.add_argument("--count", type=whole_number(50), default=2000, help="pictures to learn from at first (2000)")
    parser.add_argument("--check", type=whole_number(20), default=500, help="fresh pictures for the figures (500)")
    parser.add_argument("--threads", type=whole_number(1, MOST_THREADS), default=2, help="cores to use (2)")
    parser.add_argument(
        "--truncation", type=number(0, 1), default=0.8, help="of the show, for models that take it (0.8)"
    )
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    options = parser.parse_args(arguments)
    need_file("", options.model)
    need_writable("", directions_file(options.model))
    torch.set_num_threads(options.threads)
    figures = fit_mood(options.model, options.count, options.check, options.threads, options.truncation)
    if options.json:
        print(json.dumps(figures))
        return
    say(
        f"{directions_file(options.model)}: R2 of the mood that is asked for, over the whole square: "
        f"{figures['r2_valence']:.2f} valence, {figures['r2_energy']:.2f} energy within {SETTLED} pictures "
        f"({figures['r2_valence_first']:.2f}, {figures['r2_energy_first']:.2f} on the first); "
        f"diversity {figures['diversity']:.2f} of the model's own"
    )


if __name__ == "__main__":
    sys.exit(main())

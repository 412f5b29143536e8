"""What a step of the generator's training changes, and the step."""

import copy
import time
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch import distributed as dist

from artgen_osc.inference import modelfile
from artgen_osc.inference.canvas import SQUARE
from training.anchors import picture_codes
from training.discriminator import Discriminator, redrawing_loss
from training.export import read_generator
from training.gan import N_MOOD, Generator, within_reach
from training.losses import anchor_loss, augment, hinge_discriminator, hinge_generator, mood_loss, soften
from training.pictures import MoodScale, colour_mood, measure_mood, to_float
from training.windows import cut, draw_columns, draw_lefts

BETAS = (0.0, 0.99)
JUDGED_FROM, ANCHORED_FROM = 1, 2
"""The first of the maps of features, finest first, that the discriminator judges by, and that anchors hold: texture is
for the discriminator to judge, by the pixels."""
SIZES = (64, 128, 256, 512)
CANVASES = (1.0, 1.5, 2.0, 2.5)
"""How wide the widest picture may be, as part of the height."""
PRECISIONS = ("auto", "float32", "bfloat16")
SETTLING = 1 / 2
"""Share of the steps, the last, in which the rates and the features' weight fall, to `SETTLED`."""
SETTLED = 0.1
ALONE = 200
"""Steps of the discriminator alone, before a generator that is started from learns from it."""
KEPT_NEAR = 8 << 30
"""Bytes of pictures that are kept in the memory of the graphics card at most."""


@dataclass(frozen=True, slots=True)
class Options:
    """What a run is made with; `training.train_gan.HELP` explains each."""

    images: str
    run: str = "runs/gan"
    size: int = 256
    width: int = 32
    z_dim: int = 128
    batch: int = 8
    steps: int = 20_000
    discriminator_width: int = 16
    generator_rate: float = 4e-4
    discriminator_rate: float = 4e-4
    mood_weight: float = 1.0
    anchor_weight: float = 10.0
    feature_weight: float = 0.5
    ema_images: float = 1_500.0
    detail: bool = False
    widen: bool = False
    widest: float = 1.0
    precision: str = "auto"
    seed: int = 0
    init: str = ""
    minutes: float = 5.0
    name: str = "pictures"
    licence: str = "unknown"


def best_device() -> torch.device:
    """The graphics card of this process where there is one, else the processor."""
    return torch.device("cuda", torch.cuda.current_device()) if torch.cuda.is_available() else torch.device("cpu")


def _fast_type(precision: str, device: torch.device) -> torch.dtype:
    """The type that a step computes in: bfloat16 by itself only where the hardware has instructions for it.

    Raises
    ------
    ValueError
        `precision` is none of `PRECISIONS`.
    """
    if precision not in PRECISIONS:
        raise ValueError(f"--precision: {precision} is unknown; choose from {', '.join(PRECISIONS)}")
    if precision != "auto":
        return torch.bfloat16 if precision == "bfloat16" else torch.float32
    if device.type == "cuda":
        able = torch.cuda.is_bf16_supported(including_emulation=False)
    else:
        able = modelfile.cpu_has_bfloat16()
    return torch.bfloat16 if able else torch.float32


class Trainer:
    """Everything that a step changes, and the step.

    Where a process group is open, each process draws pictures of its own, and gradients are
    averaged over all.

    Parameters
    ----------
    options : Options
    pictures : uint8 ``(n, 3, size, size)``, in memory or in a file
    features : a fixed network; its maps come finest first

    Attributes
    ----------
    before : card of the generator that was started from, empty if there is none
    judged : the discriminator sees squares of so many pixels at most

    Raises
    ------
    ValueError
        An option is out of range, or the pictures are all alike.
    """

    judged = max(SIZES)

    def __init__(self, options: Options, pictures: Tensor, features: nn.Module) -> None:
        if options.batch < 2:
            raise ValueError(f"--batch: {options.batch} is too few; choose 2 or more, such as 8")
        if options.size not in SIZES:
            raise ValueError(f"--size: {options.size} can't be trained; choose from {', '.join(map(str, SIZES))}")
        if options.widest not in CANVASES:
            raise ValueError(
                f"--widest: {options.widest:g} can't be laid out; choose from {', '.join(f'{c:g}' for c in CANVASES)}"
            )
        torch.manual_seed(options.seed)
        self.options, self.pictures = options, pictures
        self.device = best_device()
        self.type = _fast_type(options.precision, self.device)
        self.processes, self.rank = (dist.get_world_size(), dist.get_rank()) if dist.is_initialized() else (1, 0)
        self.generator = Generator(options.size, options.width, options.z_dim, options.widest)
        self.before: dict[str, Any] = {}
        if options.init:
            try:
                self.grown_from = self.generator.grow_from(read_generator(options.init))
            except ValueError as error:
                raise ValueError(f"--init: {options.init} is {error}") from None
            self.before = modelfile.load(options.init, "generator").card
        measured = measure_mood(pictures)
        self.scale = self.choose_scale(measured)
        self.moods = self.scale.to_mood(measured).clamp(0, 1)
        self.average = copy.deepcopy(self.generator).eval().requires_grad_(False)
        self.features = features
        self.discriminator = Discriminator(
            min(options.size, self.judged), options.discriminator_width, self.judged_channels()
        )
        for net in (self.generator, self.average, self.discriminator, self.features):
            net.to(self.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.codes = self.place_pictures()
        near = self.device.type == "cuda" and pictures.nbytes <= KEPT_NEAR
        self._drawn_from = pictures.to(self.device) if near else pictures
        self.generator_adam = torch.optim.Adam(self.generator.parameters(), options.generator_rate, BETAS)
        self.discriminator_adam = torch.optim.Adam(self.discriminator.parameters(), options.discriminator_rate, BETAS)
        self.random = torch.Generator().manual_seed(options.seed + self.rank)
        self.step_count = 0
        # A generator that is grown, or trained on, keeps what it has behind it.
        self.images_seen = int(self.before.get("images_seen", 0))
        self.seconds = 3600.0 * float(self.before.get("training_hours", 0.0))

    def judged_channels(self) -> list[int]:
        """Channels of the maps of features that the discriminator judges by."""
        maps = self.features(torch.zeros(1, 3, min(SIZES), min(SIZES)))
        return [part.shape[1] for part in maps[JUDGED_FROM:]]

    def choose_scale(self, measured: Tensor) -> MoodScale:
        """What 0 and 1 mean, for pictures whose colours `measure_mood` found."""
        return MoodScale.of(measured)

    def place_pictures(self) -> Tensor:
        """A z for each picture and its mirror image, ``(2, n, z_dim)``."""
        return picture_codes(self.pictures, self.features, self.moods, self.options.z_dim)

    def ask(self, n: int) -> tuple[Tensor, Tensor]:
        """Draw z, and the mood to ask for: half as in the pictures, half anywhere."""
        z = torch.randn(n, self.options.z_dim, generator=self.random)
        chosen = self.moods[torch.randint(len(self.moods), (n,), generator=self.random)]
        near = chosen + 0.05 * torch.randn(n, N_MOOD, generator=self.random)
        anywhere = torch.rand(n, N_MOOD, generator=self.random)
        mood = torch.where(torch.rand(n, 1, generator=self.random) < 0.5, near, anywhere)
        return z, mood.clamp(0, 1)

    def real(self, n: int) -> tuple[Tensor, Tensor, Tensor]:
        """Draw training pictures, half of them mirrored, each with its z and its mood."""
        chosen = torch.randint(len(self.pictures), (n,), generator=self.random)
        mirrored = torch.randint(2, (n,), generator=self.random)
        pictures = self._drawn_from[chosen.to(self._drawn_from.device)].to(self.device)
        pictures = torch.where(mirrored.view(n, 1, 1, 1).to(self.device) == 1, pictures.flip(3), pictures)
        pictures = to_float(pictures).contiguous(memory_format=torch.channels_last)
        return pictures, self.codes[mirrored, chosen], self.moods[chosen]

    def pace(self) -> tuple[float, float]:
        """What the rates of generator and discriminator are multiplied by at this step."""
        left = 1 - self.step_count / self.options.steps
        settled = SETTLED ** max(0.0, 1 - left / SETTLING)
        return (0.0 if self.before and self.step_count < ALONE else settled), settled

    def step(self) -> dict[str, float]:
        """One update of the generator and one of the discriminator, on the same fakes.

        The first half of the fakes are asked for by the z and moods of real pictures, the others at random. Of wide
        ones a square window is judged: of the first half that in the middle, of the others any.
        """
        start = time.monotonic()
        n = self.options.batch
        anchored = n // 2
        real, z, mood = self.real(n)
        other_z, other_mood = self.ask(n - anchored)
        z = torch.cat([z[:anchored], other_z]).to(self.device)
        mood = within_reach(torch.cat([mood[:anchored], other_mood])).to(self.device)
        columns = draw_columns(self.options.widest, self.random)
        room = (columns - SQUARE) * self.options.size // SQUARE
        # Pictures lie in the middle of the canvas.
        lefts = [room // 2] * anchored + draw_lefts(n - anchored, room, self.random)

        self.discriminator.requires_grad_(False)
        with self.fast():
            fake = self.generator(z, mood, self.generator.middle(columns))
            window = cut(fake, lefts)
            fake_seen, real_seen = augment([window, real], self.random)
            fake_maps = self.features(soften(fake_seen))
            with torch.no_grad():
                real_maps = self.features(soften(real_seen))
            maps = [torch.cat(pair) for pair in zip(real_maps, fake_maps, strict=True)][JUDGED_FROM:]
            by_pixels, by_features = self.judged_together(real_seen, fake_seen, maps)
        pace, settled = self.pace()
        adversarial = by_pixels + self.options.feature_weight * settled * by_features
        held = [[part[:anchored] for part in seen[ANCHORED_FROM:]] for seen in (fake_maps, real_maps)]
        obedience = mood_loss(self.scale.to_mood(colour_mood(fake.float())), mood)
        distance = anchor_loss(window[:anchored].float(), real[:anchored], *held)
        extra = self.options.mood_weight * obedience + self.options.anchor_weight * distance
        self.update(self.generator, self.generator_adam, adversarial + extra, self.options.generator_rate * pace)
        losses = {"generator": by_pixels, "by_features": by_features, "mood": obedience, "anchor": distance}
        return self.judge(losses, real_seen, fake_seen, maps, start)

    def fast(self) -> AbstractContextManager[None]:
        """Where the networks compute in the faster type, if there is one."""
        return torch.autocast(self.device.type, self.type, enabled=self.type != torch.float32)

    def update(self, net: nn.Module, adam: torch.optim.Adam, loss: Tensor, rate: float) -> None:
        """One step of Adam, the same in all processes.

        Parameters
        ----------
        net : whose gradients are shared between the processes
        adam : of its parameters
        loss : one number
        rate : Adam's
        """
        for group in adam.param_groups:
            group["lr"] = rate
        adam.zero_grad(set_to_none=True)
        loss.backward()
        self._share_gradients(net)
        adam.step()

    def judged_together(
        self, real_seen: Tensor, fake_seen: Tensor, maps: Sequence[Tensor] = ()
    ) -> tuple[Tensor, Tensor]:
        """The generator's losses by pixels and by features, in one batch with real pictures.

        In batches of their own, the discriminator's batch norms would hide how much detail each has.

        Parameters
        ----------
        real_seen, fake_seen : float ``(n, 3, size, size)``
        maps : features of both, the real ones first
        """
        by_pixels, by_features, _ = self.discriminator(torch.cat([real_seen, fake_seen]), maps)
        by_pixels, by_features = ([score[len(real_seen) :] for score in scores] for scores in (by_pixels, by_features))
        return hinge_generator(by_pixels), hinge_generator(by_features)

    def judge(
        self,
        losses: dict[str, Tensor],
        real_seen: Tensor,
        fake_seen: Tensor,
        maps: Sequence[Tensor],
        start: float,
    ) -> dict[str, float]:
        """The discriminator's half of a step.

        Parameters
        ----------
        losses : of the generator's half, by name
        real_seen, fake_seen : float ``(n, 3, size, size)``, augmented
        maps : features of both, the real ones first
        start : s, monotonic, when the step began

        Returns
        -------
        the losses of the whole step, by name
        """
        self.discriminator.requires_grad_(True)
        with self.fast():
            pictures = torch.cat([real_seen, fake_seen.detach()])
            by_pixels, by_features, redrawn = self.discriminator(pictures, [part.detach() for part in maps])
        n = len(real_seen)
        scores = [*by_pixels, *by_features]
        judgement = hinge_discriminator([score[:n] for score in scores], [score[n:] for score in scores])
        again = redrawing_loss(redrawn[:n], real_seen)
        rate = self.options.discriminator_rate * self.pace()[1]
        self.update(self.discriminator, self.discriminator_adam, judgement + again, rate)
        self.step_count += 1
        self.images_seen += len(real_seen) * self.processes
        self._update_average()
        losses |= {"discriminator": judgement, "redrawn": again}
        figures = dict(zip(losses, torch.stack([*losses.values()]).tolist(), strict=True))
        self.seconds += time.monotonic() - start
        return figures

    def _share_gradients(self, net: nn.Module) -> None:
        if self.processes == 1:
            return
        gradients = [weight.grad for weight in net.parameters() if weight.grad is not None]
        flat = torch.cat([gradient.reshape(-1) for gradient in gradients])
        dist.all_reduce(flat)
        flat /= self.processes
        for gradient, part in zip(gradients, flat.split([g.numel() for g in gradients]), strict=True):
            gradient.copy_(part.view(gradient.shape))

    @torch.no_grad()
    def _update_average(self) -> None:
        seen = self.step_count * self.options.batch
        half_life = min(self.options.ema_images, 0.1 * seen + 1)
        keep = 0.5 ** (self.options.batch / half_life)
        for slow, fast in zip(self.average.parameters(), self.generator.parameters(), strict=True):
            slow.lerp_(fast, 1 - keep)
        for slow, fast in zip(self.average.buffers(), self.generator.buffers(), strict=True):
            if slow.is_floating_point():
                slow.lerp_(fast, 1 - keep)
            else:
                slow.copy_(fast)

    def state(self) -> dict[str, object]:
        """All that is needed to go on exactly; every process has to ask for it at the same time."""
        draws = [self.random.get_state()]
        if self.processes > 1:
            draws = [torch.empty_like(draws[0]) for _ in range(self.processes)]
            dist.all_gather_object(draws, self.random.get_state())
        return {
            "generator": self.generator.state_dict(),
            "average": self.average.state_dict(),
            "discriminator": self.discriminator.state_dict(),
            "generator_adam": self.generator_adam.state_dict(),
            "discriminator_adam": self.discriminator_adam.state_dict(),
            "codes": self.codes,
            "before": self.before,
            "random": draws,
            "step_count": self.step_count,
            "images_seen": self.images_seen,
            "seconds": self.seconds,
        }

    def load_state(self, state: dict[str, object]) -> None:
        """Inverse of `state`.

        Raises
        ------
        ValueError
            It belongs to other pictures, or to a run of another size or width.
        """
        codes: Tensor = state["codes"]  # type: ignore[assignment]
        if codes.shape != self.codes.shape:
            raise ValueError(
                f"--run: the checkpoint there was made with {codes.shape[1]} pictures and z of {codes.shape[2]}, not "
                f"{self.codes.shape[1]} and {self.codes.shape[2]}; choose another --run; --init starts it from a model"
            )
        try:
            self.discriminator.load_state_dict(state["discriminator"])  # type: ignore[arg-type]
            self.generator.load_state_dict(state["generator"])  # type: ignore[arg-type]
        except RuntimeError:
            raise ValueError(
                "--run: the checkpoint there is of another --size, --width, --widest or version of artgen; "
                "give the same, or choose another --run; --init starts it from a model"
            ) from None
        self.average.load_state_dict(state["average"])  # type: ignore[arg-type]
        self.generator_adam.load_state_dict(state["generator_adam"])  # type: ignore[arg-type]
        self.discriminator_adam.load_state_dict(state["discriminator_adam"])  # type: ignore[arg-type]
        # Another machine may round the components differently, and pictures would change places.
        self.codes = codes
        # The file that was started from may be gone, but what it was made of stays in the new one.
        self.before = state.get("before", self.before)  # type: ignore[assignment]
        draws: list[Tensor] = state["random"]  # type: ignore[assignment]
        # With another number of processes a run goes on, but not to the bit.
        if len(draws) == self.processes:
            self.random.set_state(draws[self.rank])
        self.step_count = state["step_count"]  # type: ignore[assignment]
        self.images_seen = state["images_seen"]  # type: ignore[assignment]
        self.seconds = state["seconds"]  # type: ignore[assignment]

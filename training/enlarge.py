"""Make material of 1,024 px out of a folder of smaller pictures, and pairs for the finisher out of a generator.

python -m training.enlarge --images pictures --to material
python -m training.enlarge --images pictures --to material --generator visuals/models/generator.onnx --count 400

``material/art1024`` gets each picture at four times the side, at most 1,024 px; ``material/pairs`` what the generator
painted (``.png``) beside its enlargement (``.jpg``). Both grow in turn. What is there already is left as it is: the
same command goes on where it was stopped. The detail is the teacher's (`training.teacher`), not the painter's.
"""

import argparse
import random
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path

import numpy as np
from PIL import Image
from tqdm import tqdm

from artgen_osc.errors import ConfigError
from artgen_osc.runtime.files import whole
from artgen_osc.runtime.text import say
from training.command import Parser, named_path, run_command, say_skipped, whole_number
from training.output import need_folder
from training.picture_files import find_pictures, read_picture
from training.teacher import SCALE, Teacher, find_teacher
from visuals.generators.generator import OnnxGenerator

ART, PAIRS = "art1024", "pairs"
SIDE = 1024
"""Shorter side of what is made, in pixels, at most."""
QUALITY = 95
"""Of JPEG, without subsampled colours: a picture takes about half a megabyte, a third of a PNG."""
TRUNCATION = 0.7, 1.0
"""The show's range."""


@dataclass(frozen=True, slots=True)
class Job:
    """One picture to enlarge.

    Attributes
    ----------
    name : for people
    target : the file to make
    work : pixels of the original, for the time left
    read : gives the original, uint8 ``(height, width, 3)``
    """

    name: str
    target: Path
    work: int
    read: Callable[[], np.ndarray]


def picture_jobs(folder: Path, to: Path) -> tuple[list[Job], list[str]]:
    """A job for each picture under `folder`, small ones first, else by chance, so that a part of them is a fair sample.

    Parameters
    ----------
    folder : searched with its subfolders, whose names are kept
    to : folder of the results

    Returns
    -------
    jobs : list of Job
    skipped : a line on each file that can't be used
    """
    jobs, taken = list[Job](), set[Path]()
    files, skipped = find_pictures(folder)
    for path in files:
        target = to / path.relative_to(folder).with_suffix(".jpg")
        try:
            with Image.open(path) as file:
                width, height = file.size
        except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
            skipped.append(f"{path}: {error}")
            continue
        if target in taken:
            skipped.append(f"{path}: another picture has its name; rename one of them")
            continue
        taken.add(target)
        jobs.append(Job(str(path), target, width * height, lambda path=path: _read(path)))  # type: ignore[misc]
    random.Random(0).shuffle(jobs)
    return sorted(jobs, key=lambda job: job.work), skipped


def _read(path: Path) -> np.ndarray:
    """A picture as uint8 ``(height, width, 3)``."""
    return np.asarray(read_picture(path))


def painted_jobs(generator: OnnxGenerator, count: int, to: Path) -> list[Job]:
    """A job for each of `count` pictures of a generator, by their numbers: the same number is the same picture.

    Parameters
    ----------
    generator : OnnxGenerator
    count : int > 0
    to : folder of the pairs
    """

    def paint(number: int, original: Path) -> np.ndarray:
        draw = np.random.default_rng(number)
        z = draw.standard_normal(generator.z_dim).astype(np.float32)
        z *= np.sqrt(generator.z_dim) / np.linalg.norm(z)
        pixels = generator(z, draw.random(2, np.float32), draw.uniform(*TRUNCATION))
        save(original, pixels)
        return pixels

    jobs = []
    for number in range(count):
        original = to / f"{number:05d}.png"
        jobs.append(
            Job(
                f"picture {number} of {generator.name}",
                original.with_suffix(".jpg"),
                generator.size**2,
                lambda number=number, original=original: paint(number, original),  # type: ignore[misc]
            )
        )
    return jobs


def enlarged(teacher: Callable[[np.ndarray], np.ndarray], picture: np.ndarray, side: int = SIDE) -> np.ndarray:
    """A picture at four times the side, or less where its shorter side would be longer than `side`.

    A picture of 512 px is enlarged whole and then halved: fitted to 256 px first, it would cost a quarter of the time,
    but what the painter did between 256 and 512 would be thrown away and invented anew.

    Parameters
    ----------
    teacher : makes four times the side
    picture : uint8 ``(height, width, 3)``
    side : int > 0, in pixels

    Raises
    ------
    ValueError
        The teacher's result isn't the same picture.
    """
    large = picture if min(picture.shape[:2]) >= side else teacher(picture)
    if (short := min(large.shape[:2])) <= side:
        return large
    height, width = (round(length * side / short) for length in large.shape[:2])
    return np.asarray(Image.fromarray(large).resize((width, height), Image.Resampling.LANCZOS))


def save(path: Path, pixels: np.ndarray) -> None:
    """Write a picture, whole or not at all.

    Parameters
    ----------
    path : where to; its ending is the format, its folder is made
    pixels : uint8 ``(height, width, 3)``

    Raises
    ------
    OSError
        It can't be written; then a file that was there before stays.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with whole(path) as part:
        Image.fromarray(pixels).save(part, Image.registered_extensions()[path.suffix], quality=QUALITY, subsampling=0)


def work_off(jobs: list[Job], teacher: Callable[[np.ndarray], np.ndarray]) -> int:
    """Do what isn't done yet; a picture that can't be enlarged is named and passed over.

    Parameters
    ----------
    jobs : list of Job
    teacher : makes four times the side

    Returns
    -------
    How many pictures were passed over.

    Raises
    ------
    OSError
        A result can't be written.
    """
    failed = 0
    total = sum(job.work for job in jobs)
    with tqdm(total=total, unit="px", unit_scale=True, mininterval=10, smoothing=0.05) as bar:
        for job in jobs:
            if job.target.exists():
                # Not counted as done just now, or the time left would be told too short.
                bar.initial += job.work
                bar.update(job.work)
                continue
            try:
                picture = job.read()
                result = enlarged(teacher, picture)
            except (ValueError, SyntaxError, Image.DecompressionBombError, RuntimeError) as error:
                failed += 1
                tqdm.write(f"{job.name}: {error}; it is passed over", file=sys.stderr)
            else:
                save(job.target, result)
            bar.update(job.work)
    return failed


def in_turn(first: list[Job], second: list[Job]) -> Iterator[Job]:
    """One of each in turn, then what is left of the longer list.

    Parameters
    ----------
    first, second : of any length
    """
    for pair in zip_longest(first, second):
        yield from (job for job in pair if job is not None)


def parse(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """Flags; a wrong one ends the program with status 2."""
    parser = Parser(prog="python -m training.enlarge", description=(__doc__ or "").splitlines()[0])
    folder = {"type": named_path, "required": True}
    parser.add_argument("--images", **folder, help="folder of pictures, searched with its subfolders")
    parser.add_argument("--to", **folder, help=f"folder of the results, {ART} and {PAIRS}")
    parser.add_argument("--generator", type=named_path, help="model file whose pictures become pairs")
    parser.add_argument("--count", type=whole_number(1), default=400, help="pairs to make (400)")
    parser.add_argument("--threads", type=whole_number(1), default=2, help="cores to use (2)")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    """Entry point."""
    return run_command("enlarge", lambda: _run(parse(arguments)))


def _run(options: argparse.Namespace) -> None:
    need_folder("--to", options.to)
    pictures, skipped = picture_jobs(options.images, options.to / ART)
    say_skipped(skipped)
    pairs = []
    if options.generator:
        pairs = painted_jobs(OnnxGenerator(options.generator, options.threads), options.count, options.to / PAIRS)
    if not pictures and not pairs:
        raise ConfigError(f"--images: {options.images}: holds no picture; give a folder that does")
    teacher = Teacher(find_teacher(), options.threads)
    say(f"{len(pictures)} pictures and {len(pairs)} pairs, {SCALE} times the side; {teacher.about}")
    failed = work_off(list(in_turn(pairs, pictures)), teacher)
    say(f"done; {failed} are passed over")


if __name__ == "__main__":
    sys.exit(main())

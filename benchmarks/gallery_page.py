"""How the gallery's page does with many pictures: ``python benchmarks/gallery_page.py 100000``; needs Chromium.

The thumbnails are real pictures of the idle generator, a hundred different ones. The folder is kept if it is named:
``python benchmarks/gallery_page.py 100000 /tmp/large``; the second time its index is there.
"""

import io
import json
import random
import shutil
import subprocess
import sys
import tempfile
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from time import perf_counter, sleep
from urllib.request import urlopen

import numpy as np
from PIL import Image
from PIL.PngImagePlugin import PngInfo
from playwright.sync_api import Page, expect, sync_playwright

from visuals.gallery.files import KEYWORD, THUMBNAIL_CHUNK
from visuals.gallery.folder import Gallery
from visuals.gallery.index import Index
from visuals.gallery.record import About, new_id, stamp, to_json
from visuals.generators.idle import IdleGenerator
from visuals.generators.sphere import direction
from visuals.modulation.motion import Look
from visuals.painting.painter import Stroke

FRAMES = """async ({ step, count }) => {
  const scroller = document.getElementById("scroll"), deltas = [];
  const tick = () => new Promise(requestAnimationFrame);
  let last = await tick();
  for (let index = 0; index < count; index++) {
    scroller.scrollTop += step;
    const now = await tick();
    deltas.push(now - last);
    last = now;
  }
  return deltas.sort((one, other) => one - other);
}"""


def fill(folder: Path, count: int) -> None:
    """Write pictures without waiting for the disk."""
    paint, chance, now = IdleGenerator(192), random.Random(1), stamp()
    z = np.random.default_rng(1).standard_normal(128).astype(np.float32)
    stroke = Stroke("generator", "0" * 64, z, np.full(2, 0.5, np.float32), 0.8)
    about = About("", "", "timer", "", 0.5, 0.5, 120.0, "A minor", 0, (stroke,), 0.0, Look(), {}, 32, 18)
    image, small = Image.new("RGB", (32, 18)), []
    for number in range(100):
        data = io.BytesIO()
        latent = (direction(number, paint.z_dim) * np.sqrt(paint.z_dim)).astype(np.float32)
        picture = paint(latent, np.array([number / 100, chance.random()], np.float32), 1.0)
        Image.fromarray(picture[:108]).save(data, "JPEG", quality=75)
        small.append(data.getvalue())
    for number in range(count):
        time = now - timedelta(seconds=10 * number)
        entry = replace(
            about,
            id=new_id(time),
            time=time.isoformat(timespec="milliseconds"),
            title=f"Song number {number // 25 % 500}",
            valence=chance.random(),
            energy=chance.random(),
        )
        info = PngInfo()
        info.add_itxt(KEYWORD, to_json(entry))
        info.add(THUMBNAIL_CHUNK, small[number % 100])
        data = io.BytesIO()
        image.save(data, "PNG", compress_level=1, pnginfo=info)
        (folder / f"{entry.id}.png").write_bytes(data.getvalue())


def memory_mb(pid: int) -> float:
    """Resident, of a process."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("VmRSS")).split()[1]) / 1024


def told(what: str, deltas: list[float]) -> None:
    """Print what scrolling was like."""
    count = len(deltas)
    print(
        f"{what}: {count} frames, median {deltas[count // 2]:.1f} ms, p95 {deltas[int(count * 0.95)]:.1f},"
        f" p99 {deltas[int(count * 0.99)]:.1f}, longest {deltas[-1]:.1f}",
        flush=True,
    )


def look(page: Page, address: str, whole: str) -> None:
    """Open the page, scroll and filter."""
    start = perf_counter()
    page.goto(address)
    page.locator(".cell img.there").first.wait_for()
    print(f"first pictures on screen: {perf_counter() - start:.2f} s")
    expect(page.locator("#count")).to_have_text(whole, timeout=60_000)
    sleep(1)
    told("an empty page's frames, for comparison", page.evaluate(FRAMES, {"step": 0, "count": 200}))
    for what, step in (
        ("slow scroll, 20 px a frame", 20),
        ("fast, 200 px a frame", 200),
        ("flying, 20,000 px", 20_000),
    ):
        page.evaluate("document.getElementById('scroll').scrollTop = 0")
        sleep(0.5)
        told(what, page.evaluate(FRAMES, {"step": step, "count": 300}))
    print(f"cells in the document: {page.locator('.cell').count()}")
    box = page.locator("#plane").bounding_box()
    assert box
    start = perf_counter()
    page.mouse.click(box["x"] + 0.8 * box["width"], box["y"] + 0.2 * box["height"])
    expect(page.locator("#count")).not_to_have_text(whole)
    print(f"a click on the plane: {(perf_counter() - start) * 1000:.0f} ms, {page.inner_text('#count')}")
    heap = page.evaluate("performance.memory.usedJSHeapSize") / 1e6
    print(f"the page's heap: {heap:.0f} MB")


def main(count: int, folder: Path) -> None:
    """Fill a gallery, serve it, and look at it."""
    if not folder.exists():
        folder.mkdir(parents=True)
        fill(folder, count)
        index, start = Index(Gallery(folder)), perf_counter()
        index.sync()
        print(f"made the index in {perf_counter() - start:.1f} s", flush=True)
        index.close()
    whole = f"{count:,} pictures"
    start = perf_counter()
    command = [sys.executable, "-m", "artgen_osc", "gallery", "serve", "--port=0", f"--gallery={folder}"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout
            address = server.stdout.readline().split()[1]
            print(f"listens after {perf_counter() - start:.2f} s")
            while not json.load(urlopen(f"{address}api/all"))["ready"]:
                sleep(0.01)
            print(f"knows its pictures after {perf_counter() - start:.2f} s")
            start = perf_counter()
            size = len(urlopen(f"{address}api/all").read())
            print(f"all ids, moods and titles: {size / 1e6:.2f} MB in {perf_counter() - start:.2f} s", flush=True)
            with sync_playwright() as playwright:
                flags = ["--no-sandbox", "--enable-precise-memory-info"]
                browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=flags)
                look(browser.new_page(viewport={"width": 1280, "height": 800}), address, whole)
                browser.close()
            print(f"the server's memory: {memory_mb(server.pid):.0f} MB")
        finally:
            server.terminate()


if __name__ == "__main__":
    number = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    if len(sys.argv) > 2:
        main(number, Path(sys.argv[2]))
    else:
        with tempfile.TemporaryDirectory() as name:
            main(number, Path(name) / "gallery")

"""Names of files and folders that nobody should give, and somebody will."""

import os
from pathlib import Path


def odd_paths(folder: Path) -> dict[str, str]:
    """Odd names by what is odd about them; what they name is made in `folder`, as far as this system can.

    None of them is a folder or a file that can be used, and none is empty.
    """
    file = folder / "a file"
    file.write_bytes(b"not what is wanted")
    loop = folder / "loop"
    loop.symlink_to(loop)
    (folder / "dead").symlink_to(folder / "nowhere" / "at all")
    found = {
        "long": "x" * 300,
        "very long": "x/" * 5000,
        "NUL": "a\0b",
        "half a character": "\ud800",
        "under a file": str(file / "b"),
        "a loop of links": str(loop),
        "under a loop of links": str(loop / "b"),
        "a file": str(file),
        "newline and escape": f"{file}/\n\x1b[2J",
        "not UTF-8": f"{file}/" + os.fsdecode(b"\xe9"),
    }
    if hasattr(os, "mkfifo"):
        os.mkfifo(folder / "pipe")
        found |= {"a pipe": str(folder / "pipe"), "a device": "/dev/zero", "under a device": "/dev/null/b"}
    if hasattr(os, "geteuid") and os.geteuid() != 0:
        closed = folder / "closed"
        closed.mkdir(mode=0)
        found["no permission"] = str(closed / "b")
    return found

"""In place of `artgen_osc.web.song_decoder`: crashes in C code as a damaged file may make it, and floods stderr."""

import ctypes
import sys

sys.stderr.write("x" * 300_000 + "\n")
sys.stderr.flush()
ctypes.string_at(0)

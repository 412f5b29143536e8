"""In place of `artgen_osc.web.song_decoder`: says that it has begun, and never ends."""

import sys
import time

print("progress 1.0", file=sys.stderr, flush=True)
time.sleep(600)

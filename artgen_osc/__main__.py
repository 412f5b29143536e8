"""``python -m artgen_osc``."""

import sys
from pathlib import Path

if not sys.flags.safe_path and Path(sys.path[0]).resolve() != Path(__file__).resolve().parents[1]:
    # The folder that we were started in: no module of it may run in place of one of ours.
    del sys.path[0]

from artgen_osc.cli import main

sys.exit(main())

"""``python -m artgen_osc``."""

import sys

from artgen_osc.cli import main

sys.exit(main())

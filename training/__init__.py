"""Training: labelled music and pictures in, model files out. The only place that imports torch."""

import sys

from training.extras import need_extras

if sys.argv[:1] == ["-m"]:  # while Python looks for the command that it is to run, and only then
    need_extras()

"""``python3 -m devcluster``: hand the command line to ``cli``."""

import sys

from devcluster.cli import main

sys.exit(main())

"""`python -m kode.controllers`: the operator without the packages of the command line."""

import sys

from kode.controllers.operator import run
from kode.controllers.options import parse

if __name__ == "__main__":
    run(parse(sys.argv[1:]))

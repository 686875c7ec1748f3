"""`python -m kode.controllers`: the operator without the packages of the command line."""

import sys

from kode.controllers.operator.operator import run
from kode.controllers.operator.options import parse

if __name__ == "__main__":
    run(parse(sys.argv[1:]))

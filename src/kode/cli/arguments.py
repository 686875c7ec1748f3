"""Arguments that several commands share: the name of one Kode, or of several.

Rule: a name is completed from the Kodes that exist on the platform that the options name.
"""

from typing import Annotated

import typer

from kode.cli.completion import complete_name

Name = Annotated[
    str, typer.Argument(metavar="NAME", help="Name of the Kode.", autocompletion=complete_name)
]
"""One Kode."""

Names = Annotated[
    list[str],
    typer.Argument(metavar="NAME...", help="Names of Kodes.", autocompletion=complete_name),
]
"""At least one Kode."""

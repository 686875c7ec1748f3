"""tools.commands."""

from kode.cli.main import app
from tools.commands import PAGE, pages


def test_every_command_has_its_help_on_the_page() -> None:
    page = pages()[PAGE]
    for command in app.registered_commands:
        assert command.callback is not None
        name = command.name or command.callback.__name__
        assert f"## kode {name}\n\n```\nusage: kode {name}" in page.replace("Usage:", "usage:")

"""Dotfiles and programs of one's own: brought in by the editor's user, whatever the image."""

import pytest

from tests.cluster.api import Object
from tests.cluster.documents import CODE_SERVER, CODERCOM, PASSWORD, USER, kode, template
from tests.cluster.place import START, Place

LOGIN = (USER, PASSWORD)
# It has no page at all, and lives.
_PROGRAM = (
    "process.on('SIGTERM', () => process.exit(0));"
    "require('http').createServer((_, answer) => { answer.statusCode = 404; answer.end('none') })"
    ".listen(process.env.PORT, '127.0.0.1')"
)
_MAKE = (
    'cd "$1" && [ -d origin ] || { git init -q origin && cd origin && echo "set nu" >.vimrc && '
    "git add -A && git -c user.name=a -c user.email=a commit -qm x; } && "
    '{ [ "$(id -u)" != 0 ] || chown -R 1000:1000 "$1/origin"; }'
)


@pytest.fixture(scope="module", autouse=True)
def _started(place: Place) -> None:
    node = ["/usr/lib/code-server/lib/node", "-e", _PROGRAM]
    tiny = {"requests": {"cpu": "10m", "memory": "64Mi"}, "limits": {"cpu": "1", "memory": "256Mi"}}
    place.apply(
        template("program", type="custom", image=CODERCOM, port=9000, command=node, resources=tiny),
        template("real"),
        _with_dotfiles("linked", "program", "/home/kode", CODERCOM),
        _with_dotfiles("failing", "program", "/home/kode", CODERCOM, install="echo no; exit 7"),
        _with_dotfiles("root", "real", "/config", CODE_SERVER),
    )


def _with_dotfiles(name: str, of: str, home: str, image: str, **more: str) -> Object:
    make = {"name": "origin", "image": image, "command": ["sh", "-c", _MAKE, "make", home]}
    dotfiles = {"repository": f"file://{home}/origin", **more}
    return kode(name, of, initPlugins=[make], dotfiles=dotfiles)


def test_program_without_a_page_runs_behind_its_password(place: Place) -> None:
    place.ready("linked")
    with place.door("linked") as door:
        assert door.status("/") == 401
        assert door.get("/", login=LOGIN).text == "none"


@pytest.mark.parametrize(("name", "home"), [("linked", "/home/kode"), ("root", "/config")])
def test_files_are_linked_and_belong_to_the_editors_user(
    place: Place, name: str, home: str
) -> None:
    place.ready(name)
    assert place.exec(name, "cat", f"{home}/.vimrc") == "set nu\n"
    assert place.exec(name, "stat", "-c", "%u", f"{home}/.dotfiles/.vimrc") == "1000\n"


def test_install_that_fails_is_told_and_leaves_the_files(place: Place) -> None:
    message = place.message("failing", "InitFailed", seconds=START)
    assert "installing ended with exit code 7" in message
    place.edit("Kode", "failing", {"spec": {"dotfiles": None}})
    place.settled("failing")
    assert place.exec("failing", "cat", "/home/kode/.dotfiles/.vimrc") == "set nu\n"

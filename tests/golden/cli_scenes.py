"""What each command is shown in: on which objects it runs, with which arguments.

Rule: a scene is there for its texts: the help, what is empty, a table, each error with its hint.
Adding one is adding a line; `make golden` writes what it prints, to be read before it is committed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tests.unit.cli.memory import condition, kode, template

Object = Mapping[str, Any]


@dataclass(frozen=True)
class Scene:
    """One run of one command.

    Attributes:
        line: its arguments, without the command itself; words with blanks are not needed.
        objects: what is on the platform.
        typed: what stands on standard input.
        terminal: whether a user sits there to be asked.
        down: whether the local platform is not running.
    """

    line: str
    objects: Sequence[Object] = ()
    typed: str = ""
    terminal: bool = False
    down: bool = False


URL = "http://dev.localhost:8080/"
PARAMETERS = [
    {"name": "cpu", "type": "number", "default": 2, "min": 1, "max": 8},
    {"name": "size", "options": [{"name": "Small", "value": "s"}, {"name": "Large", "value": "l"}]},
    {"name": "gpu", "type": "bool", "default": False},
]
TEMPLATE = template(parameters=PARAMETERS)
PROXY = {
    "apiVersion": TEMPLATE["apiVersion"],
    "kind": "EnvoyProxyConfig",
    "metadata": {"name": "guard", "namespace": "default"},
    "spec": {"authType": "basic"},
}


def dev(**spec: Any) -> dict[str, Any]:
    """Return a Kode that is ready."""
    running = kode("dev", **spec)
    running["status"]["url"] = URL
    return running


def new() -> dict[str, Any]:
    """Return a Kode that was not reconciled yet."""
    return kode("new", phase="")


def crashing() -> dict[str, Any]:
    """Return a Kode that does not start."""
    text = "the editor exited with code 1: no such file"
    reason = condition("Ready", "False", "CrashLooping", text)
    return kode("broken", reason, phase="Failed")


def stopped() -> dict[str, Any]:
    """Return a suspended Kode."""
    ready = condition("Ready", "False", "Suspended", "")
    return kode("off", ready, condition("Suspended"), phase="Suspended", suspend=True)


def homeless(reason: str) -> dict[str, Any]:
    """Return a Kode whose home is lost, or will be."""
    storage = condition("StorageReady", "False", reason, "claim dev-home")
    return kode("dev", condition("Ready", "False", reason), storage, phase="Failed")


MANIFEST = """apiVersion: kode.jacero.io/v1alpha1
kind: Kode
metadata: {name: dev}
spec: {templateRef: {kind: KodeClusterTemplate, name: code-server}}
"""
INVALID = MANIFEST.replace("templateRef", "templateReff")
NAMESPACE = "apiVersion: v1\nkind: Namespace\nmetadata: {name: team}\n"

HELP = Scene("--help")
NO_KODE = Scene("dve", [dev()])
NO_SUCH = Scene("nobody")
DOWN = Scene("new", [new()], down=True)

SCENES: dict[str, Sequence[Scene]] = {
    "apply": [
        HELP,
        Scene("-f -", typed=MANIFEST),
        Scene("-f -", typed=INVALID),
        Scene("-f -", typed="a: &a [*a]\n"),
        Scene("-f -", typed="a: 1\na: 2\n"),
        Scene("-f -", typed="7\n"),
        Scene("-f -"),
        Scene("-f /nowhere.yaml"),
        Scene(""),
    ],
    "completion": [HELP, Scene("tcsh")],
    "crds": [HELP],
    "create": [
        HELP,
        Scene("dev -t code-server --set size=s", [TEMPLATE]),
        Scene("dev -t code-server --set size=s", [TEMPLATE, dev()]),
        Scene("dev -t code-server", [TEMPLATE]),
        Scene("dev -t code-server --set size=m", [TEMPLATE]),
        Scene("dev -t code-server --set size=s --set cpu=many", [TEMPLATE]),
        Scene("dev -t code-server --set size=s --set gpu=maybe", [TEMPLATE]),
        Scene("dev -t code-server --set disk=1", [TEMPLATE]),
        Scene("dev -t code-server --set disk=1", [template()]),
        Scene("dev -t code-server --set disk", [TEMPLATE]),
        Scene("dev -t code-servr", [TEMPLATE]),
        Scene("dev -t other", [TEMPLATE]),
        Scene("dev", [TEMPLATE]),
        Scene("dev"),
        Scene("dev", [TEMPLATE, template("other")], "3\n1\nmany\n4\nm\nLarge\n\n", terminal=True),
        Scene("dev", terminal=True),
    ],
    "delete": [
        HELP,
        Scene("dev", [dev()]),
        Scene("dev --purge --yes", [dev()]),
        Scene("dev --purge", [dev()], "n\n", terminal=True),
        Scene("template/nothing"),
        Scene("pod/dev"),
        Scene("-f -", typed=NAMESPACE),
        Scene("-f -", typed="kind: Pod\nmetadata: {name: dev}\n"),
        Scene("-f -", typed="kind: Kode\n"),
        Scene(""),
        NO_KODE,
    ],
    "describe": [
        HELP,
        Scene("dev", [dev(password="hush")]),
        Scene("broken", [crashing()]),
        NO_KODE,
    ],
    "events": [HELP, Scene(""), NO_SUCH],
    "exec": [HELP, Scene("nobody -- true")],
    "get": [
        HELP,
        Scene("kodes", [dev(), new(), crashing()]),
        Scene("templates", [TEMPLATE]),
        Scene("clustertemplates", [TEMPLATE]),
        Scene("proxyconfigs", [PROXY]),
        Scene("proxyconfigs"),
        Scene("proxyclusterconfigs"),
        Scene("pods"),
        Scene("template nothing"),
        Scene("clustertemplate nothing"),
    ],
    "list": [HELP, Scene("", [dev(), new(), crashing(), stopped()]), Scene(""), Scene("-A")],
    "logs": [HELP, NO_KODE],
    "open": [
        HELP,
        Scene("dev --print", [dev()]),
        Scene("off", [stopped()]),
        Scene("broken", [crashing()]),
        Scene("new --timeout 0.1", [new()]),
        DOWN,
        NO_KODE,
    ],
    "render": [
        HELP,
        Scene("-f -", typed=MANIFEST),
        Scene("-f -", typed=INVALID),
        Scene("-f -"),
        Scene("-f - -o xml", typed=MANIFEST),
    ],
    "restart": [
        HELP,
        Scene("dev", [dev()]),
        Scene("off", [stopped()]),
        Scene("dev", [homeless("ClaimDeleted")]),
        Scene("dev", [homeless("ClaimTerminating")]),
        Scene("dev", [dev()], down=True),
        NO_KODE,
    ],
    "shell": [HELP, NO_SUCH],
    "start": [
        HELP,
        Scene("dev", [dev()]),
        Scene("dev --new-home", [dev()]),
        Scene("dev --new-home --no-wait", [homeless("ClaimLost")]),
        NO_KODE,
    ],
    "stop": [
        HELP,
        Scene("off", [stopped()]),
        Scene("dev --no-wait", [dev()]),
        Scene("dev --no-wait", [homeless("ClaimTerminating")]),
        NO_KODE,
    ],
    "templates": [HELP, Scene("", [TEMPLATE]), Scene("")],
    "version": [HELP],
}
"""Command to its scenes; those of this machine alone are in tests/golden/test_cli_texts.py."""

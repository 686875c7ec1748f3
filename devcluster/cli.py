"""The command line: one small function for each word."""

import argparse
import json
import os
import shlex
import sys
import time
from collections.abc import Callable, Sequence

from devcluster import addons, build, components, images
from devcluster.cluster import DEFAULT_NAME, DevCluster, existing, find
from devcluster.errors import DevclusterError
from devcluster.paths import Store

EVERY_COMPONENT = "all"

Command = Callable[[argparse.Namespace], int]


def up(args: argparse.Namespace) -> int:
    if existing():
        print("using the existing cluster that KUBECONFIG names")
        return 0
    started = time.monotonic()
    cluster = DevCluster(args.name)
    state, fresh = cluster.up(args.mode)
    if fresh:
        seconds = time.monotonic() - started
        print(f"cluster {args.name} is up after {seconds:.1f} s ({state.mode} mode)")
    else:
        print(f"cluster {args.name} is already up ({state.mode} mode)")
    name = "" if args.name == DEFAULT_NAME else f" --name {args.name}"
    print(f'to use it from this shell: eval "$(python3 -m devcluster env{name})"')
    return 0


def down(args: argparse.Namespace) -> int:
    if existing():
        print("an existing cluster is left alone")
        return 0
    gone = DevCluster(args.name).down()
    print(f"cluster {args.name} is gone" if gone else f"cluster {args.name} was not up")
    return 0


def status(args: argparse.Namespace) -> int:
    if existing():
        print("using the existing cluster that KUBECONFIG names")
        return 0
    cluster = DevCluster(args.name)
    state = cluster.state()
    if not state:
        print(f"cluster {args.name} is not up")
        return 3
    print(f"cluster {args.name} is up ({state.mode} mode), API at https://127.0.0.1:{state.port}")
    services = json.loads(cluster.run.supervised.read_text())
    for name, service in sorted(services.items()):
        again = f", started {service['starts']} times" if service["starts"] > 1 else ""
        print(f"  {name}: {'running' if service['running'] else 'ended'}{again}")
    return 0


def execute(args: argparse.Namespace) -> int:
    command = args.command[1:] if args.command[:1] == ["--"] else args.command
    if not command:
        raise DevclusterError("name the command to run: exec -- CMD ARGS...")
    cluster = find(args.name)
    argv = [*cluster.exec_prefix(whole=args.node), *command]
    env = os.environ | cluster.exec_environment()
    try:
        os.execvpe(argv[0], argv, env)
    except OSError as error:
        raise DevclusterError(f"{argv[0]}: {error.strerror}") from error


def kubeconfig(args: argparse.Namespace) -> int:
    print(find(args.name).kubeconfig(on_host=not args.inside))
    return 0


def environment(args: argparse.Namespace) -> int:
    variables = find(args.name).host_environment()
    print(f"export KUBECONFIG={shlex.quote(variables['KUBECONFIG'])}")
    if "PATH" in variables:
        print(f'export PATH={shlex.quote(variables["PATH"].split(":")[0])}:"$PATH"')
    return 0


def build_images(args: argparse.Namespace) -> int:
    if existing():
        print("an existing cluster pulls images from where its nodes can reach them")
        return 0
    images.run(args, DevCluster(args.name))
    return 0


def build_components(args: argparse.Namespace) -> int:
    known = {it.name: it for it in components.ALL}
    if args.component == [EVERY_COMPONENT]:
        args.component = list(known)
    unknown = sorted(set(args.component) - set(known))
    if unknown:
        raise DevclusterError(
            f"no component is named {', '.join(unknown)}; there are {', '.join(known)}"
        )
    wanted = [known[name] for name in args.component] or list(components.FULL)
    build.build(wanted, Store.default())
    for component in wanted:
        print(build.location(component, Store.default()))
    return 0


def add(args: argparse.Namespace) -> int:
    if existing():
        raise DevclusterError("nothing is added to an existing cluster")
    addons.ADDONS[args.part](DevCluster(args.name))
    print(f"{args.part} has been added to cluster {args.name}")
    return 0


def logs(args: argparse.Namespace) -> int:
    directory = DevCluster(args.name).run.logs
    path = directory / f"{args.component}.log"
    if not path.is_file():
        names = ", ".join(sorted(it.stem for it in directory.glob("*.log"))) or "none"
        raise DevclusterError(f"no log of {args.component}; there are: {names}")
    os.execvp("tail", ["tail", "-n", "+1", *(["-f"] if args.follow else []), str(path)])


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(
        prog="python3 -m devcluster",
        description="A real Kubernetes on this machine, gone without a trace when taken down.",
    )
    top.set_defaults(name=DEFAULT_NAME)
    commands = top.add_subparsers(dest="word", required=True)

    def word(name: str, run: Command, text: str) -> argparse.ArgumentParser:
        added = commands.add_parser(name, help=text, description=text)
        added.add_argument("--name", default=DEFAULT_NAME, help="which cluster (%(default)s)")
        added.set_defaults(run=run)
        return added

    starting = word("up", up, "start a cluster; does nothing when it is up")
    starting.add_argument(
        "--mode",
        choices=("full", "fake"),
        default="full",
        help="full: one real node; fake: control plane with nodes that only exist in the API",
    )
    word("down", down, "remove a cluster and every trace of it")
    word("status", status, "tell whether a cluster is up and what runs in it; exit 3 if not")
    inside = word("exec", execute, "run a command in the cluster's network")
    inside.add_argument(
        "--node", action="store_true", help="as a process of the node: its mounts and processes too"
    )
    inside.add_argument("command", nargs=argparse.REMAINDER, metavar="CMD")
    credentials = word("kubeconfig", kubeconfig, "print the path of a kubeconfig")
    place = credentials.add_mutually_exclusive_group()
    place.add_argument("--host", action="store_true", help="for this machine's network (default)")
    place.add_argument("--inside", action="store_true", help="for commands run by exec")
    word("env", environment, "print shell commands that set KUBECONFIG and PATH for this machine")
    images.add_options(word("images", build_images, "build the test images and push them"))
    adding = word("add", add, "add a part that few tests need to a cluster that is up")
    adding.add_argument("part", choices=sorted(addons.ADDONS))
    building = word("build", build_components, "build what a full cluster needs, or components")
    building.add_argument(
        "component", nargs="*", metavar="COMPONENT", help="only these, or `all` that there are"
    )
    reading = word("logs", logs, "show what a component wrote")
    reading.add_argument("component", metavar="COMPONENT")
    reading.add_argument("-f", "--follow", action="store_true")
    return top


def main(argv: Sequence[str] | None = None) -> int:
    args = parser().parse_args(argv)
    run: Command = args.run
    try:
        return run(args)
    except DevclusterError as error:
        print(f"devcluster: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130

"""The variables of a Kode's containers, and the words that start them.

Rule: what keeps the editor behind its sidecar wins over any variable that a template or a Kode
gives. Kode's own stand first, so that those given can refer to them; what is secret, or empty only
so that nobody sets it, stands last, where no value can refer to it.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from kode import names
from kode.api import layout
from kode.api.conditions import Reason
from kode.api.pod import InitPlugin
from kode.errors import InvalidSpec
from kode.render import options, terminal, variables
from kode.render.metadata import Manifest
from kode.render.resolve import ResolvedKode
from kode.render.variables import Variable

_PATH = "PATH"
_SHELL = "SHELL"
# Which it has, is a matter of the image; where it is another, the shell that code-server is given
# takes what there is.
_SHELL_OF_IMAGES = "/bin/bash"


@dataclass(frozen=True)
class Environment:
    """The variables of a container.

    Attributes:
        variables: as Kubernetes takes them.
        words: what its words can refer to besides those.
        knows_path: whether its PATH is one of the variables, and not the image's.
        has_halves: whether its PATH is one around the image's, see kode.render.terminal.
        shell: the file of the shell that code-server is given; empty for none.
    """

    variables: tuple[Manifest, ...]
    words: Mapping[str, str] = field(default_factory=dict)
    knows_path: bool = False
    has_halves: bool = False
    shell: str = ""

    def fill(self, words: Sequence[str], what: str) -> list[str]:
        """Return words of a template, with what Kubernetes would not fill in.

        Args:
            words: the words.
            what: their field, for people.

        Raises:
            InvalidSpec: one refers to the image's PATH.
        """
        for word in words:
            if not self.knows_path and variables.refers(word, _PATH):
                raise InvalidSpec(
                    Reason.INVALID_SPEC,
                    f"{what}: {word}: $(PATH) is the image's, which is known only inside of it: "
                    "write $PATH in the words of a shell (sh -c), or the whole PATH",
                )
        texts = {name: variables.escape(value) for name, value in self.words.items()}
        return [variables.fill(word, texts) for word in words]


def basic(kode: ResolvedKode) -> dict[str, str]:
    """Return what every program of a Kode finds, on every platform; nothing given wins over it."""
    return {"HOME": kode.home, "KODE_NAME": kode.name, "KODE_NAMESPACE": kode.namespace}


def editor(kode: ResolvedKode) -> Environment:
    """Return the variables of the editor.

    Raises:
        InvalidSpec: one of those given refers to the image's PATH where nobody can know it.
    """
    contract, template = kode.image_profile, kode.template
    first, last = _own(kode)
    taken = _taken(kode, (*first, *last))
    if template.env_from:
        last = {**_shadows(kode, taken), **last}
    given = [item for item in kode.env if not _is_taken(item.name, taken)]
    # What keys of envFrom bring is not overwritten by what is no more than usual.
    usual = {"TZ": template.tz, **({} if template.env_from else _account(kode))}
    made = _made(kode, {**first, **_left_out(usual, given)}, given)
    if template.type == "code-server" and not template.command:
        made = _with_shell(kode, made, {item.name for item in given})
    elif made.has_halves and not (template.command or contract.entrypoint):
        raise _unknown_path("env PATH")
    rest = [_variable(name, value) for name, value in last.items() if name not in first]
    if kode.credentials and contract.uses_basic_auth:
        secret = names.envoy_secret(kode.name)
        rest.append(_secret_variable("PASSWORD", secret, layout.ENVOY_EDITOR_KEY))
    return replace(made, variables=(*made.variables, *rest))


def plugin(kode: ResolvedKode, given: InitPlugin) -> Environment:
    """Return the variables of an init plugin: its own, and none of the editor's.

    Raises:
        InvalidSpec: as for the editor.
    """
    made = _made(kode, _left_out({**basic(kode), **_account(kode)}, given.env), given.env)
    if made.has_halves and not given.command:
        raise _unknown_path(f"initPlugins {given.name}: env PATH")
    return made


def dotfiles(kode: ResolvedKode) -> Environment:
    """Return the variables of what brings dotfiles: a proxy, or what an install script reads.

    Raises:
        InvalidSpec: as for the editor.
    """
    own = basic(kode)
    given = [item for item in kode.env if item.name not in own]
    usual = {} if kode.template.env_from else _account(kode)
    return _made(kode, {**own, **_left_out(usual, given)}, given)


def sources(kode: ResolvedKode) -> list[Manifest]:
    """Return the Secrets and ConfigMaps whose keys become variables."""
    return [
        source.model_dump(by_alias=True, exclude_none=True) for source in kode.template.env_from
    ]


def _own(kode: ResolvedKode) -> tuple[dict[str, str], dict[str, str]]:
    """Return Kode's own variables: those that others can refer to, and those that stand last."""
    contract = kode.image_profile
    first = {**basic(kode), "PUID": str(kode.puid), "PGID": str(kode.pgid), **_reach(kode)}
    if contract.workspace_variable:
        first[contract.workspace_variable] = f"{kode.home}/{kode.workspace}"
    if kode.credentials and contract.user_variable:
        first[contract.user_variable] = kode.credentials.user
    return first, dict.fromkeys(contract.blanks, "")


def _account(kode: ResolvedKode) -> dict[str, str]:
    return {"USER": kode.image_profile.account, "LOGNAME": kode.image_profile.account}


def _left_out(usual: Mapping[str, str], given: Iterable[Variable]) -> dict[str, str]:
    set_by = {item.name for item in given}
    return {name: value for name, value in usual.items() if name not in set_by}


def _made(kode: ResolvedKode, first: Mapping[str, str], given: Sequence[Variable]) -> Environment:
    """Return the variables given behind those of Kode's own that they can refer to."""
    words = {"PORT": str(kode.port), "TZ": kode.template.tz, **_account(kode)}
    words = {name: value for name, value in words.items() if name not in first}
    listed, halves = _halved(variables.order(given, words, known=(_PATH,)))
    own = [_variable(name, variables.escape(value)) for name, value in first.items()]
    shown = [item.model_dump(by_alias=True, exclude_none=True) for item in listed]
    return Environment(
        variables=(*own, *shown, *halves),
        words=_left_out(words, given),
        knows_path=any(item.name == _PATH for item in listed),
        has_halves=bool(halves),
    )


def _halved(items: Iterable[Variable]) -> tuple[list[Variable], list[Manifest]]:
    """Return variables without a PATH around the image's, and the two halves of such a one."""
    listed: list[Variable] = []
    halves: list[Manifest] = []
    knows = False
    for item in items:
        parts = variables.split(item.value or "", _PATH)
        is_path = item.name == _PATH
        if len(parts) > 1 and not knows:
            if not is_path or len(parts) > 2:  # noqa: PLR2004 - before and after
                raise _unknown_path(f"env {item.name}")
            pair = zip((terminal.BEFORE, terminal.AFTER), parts, strict=True)
            halves = [_variable(name, half) for name, half in pair]
            continue
        knows = knows or is_path
        listed.append(item)
    return listed, halves


def _unknown_path(what: str) -> InvalidSpec:
    return InvalidSpec(
        Reason.INVALID_SPEC,
        f"{what}: $(PATH) is the image's, which is known only inside of it: PATH itself may refer "
        "to it once, where Kode starts the program (a code-server, Jupyter, whatever has a "
        "command); here write the whole PATH, as `printenv PATH` in the image shows it, such as "
        "/opt/mine/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    )


def _with_shell(kode: ResolvedKode, made: Environment, given: Collection[str]) -> Environment:
    """Return variables by which code-server's terminals have those that are given, where needed."""
    kept = [
        name
        for name in terminal.KEPT
        if name in given or (kode.template.env_from and name not in kode.image_profile.blanks)
    ]
    if not kept and _PATH not in given:
        return made
    shells = [it.get("value") for it in made.variables if it["name"] == _SHELL]
    file = terminal.path(kode.home, shells[0] if shells and shells[0] else _SHELL_OF_IMAGES)
    listed = [
        {**it, "name": terminal.SHELL} if it["name"] == _SHELL else it for it in made.variables
    ]
    if not shells:
        listed.append(_variable(terminal.SHELL, _SHELL_OF_IMAGES))
    if _PATH not in given:
        listed.append(_variable(terminal.LOGIN, "yes"))
    listed.extend(_variable(terminal.PREFIX + name, f"$({name})") for name in kept)
    listed.append(_variable(_SHELL, file))
    return replace(made, variables=tuple(listed), shell=file)


def _reach(kode: ResolvedKode) -> dict[str, str]:
    """Return the variables that say where the editor is reached, and by which file it goes."""
    contract, template = kode.image_profile, kode.template
    if _is_told_by_options(kode):
        return {}
    reach = {}
    if kode.port != contract.port or not contract.listens_unasked or template.command:
        reach[contract.port_variable] = str(kode.port)
    if contract.host_variable:
        reach[contract.host_variable] = options.LOOPBACK
    if contract.config_variable:
        reach[contract.config_variable] = options.NO_FILE
    return reach


def _is_told_by_options(kode: ResolvedKode) -> bool:
    return kode.image_profile.options == "code-server" and not kode.template.command


def _taken(kode: ResolvedKode, own: Iterable[str]) -> set[str]:
    contract = kode.image_profile
    taken = {*own, *(name for name, _ in contract.extra_port_variables)}
    if contract.uses_basic_auth:
        taken.add("PASSWORD")
    if not _is_told_by_options(kode):
        taken.add(contract.port_variable)
    return taken


def _shadows(kode: ResolvedKode, taken: set[str]) -> dict[str, str]:
    """Return variables that keys of envFrom, which nobody has seen yet, could otherwise bring."""
    contract = kode.image_profile
    shadows = dict(contract.extra_port_variables)
    if contract.listens_unasked:
        # To code-server a port of no letters is none, and neither is it to most programs.
        shadows[contract.port_variable] = ""
    if contract.starts_as_root:
        shadows.update({f"FILE__{name}": "" for name in sorted(taken)})
    return shadows


def _is_taken(name: str, taken: set[str]) -> bool:
    # linuxserver's images take X from the file that FILE__X names, whatever X says.
    return name.removeprefix("FILE__") in taken


def _variable(name: str, value: str) -> Manifest:
    # The API server leaves an empty value out.
    return {"name": name, "value": value} if value else {"name": name}


def _secret_variable(name: str, secret: str, key: str) -> Manifest:
    return {"name": name, "valueFrom": {"secretKeyRef": {"name": secret, "key": key}}}

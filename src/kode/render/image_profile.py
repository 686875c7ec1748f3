"""What an image expects of whoever runs it: ports, home, variables, user.

Rule: facts of published images only, one Contract each; a template's own fields win over them.
Sources: https://docs.linuxserver.io/images/docker-code-server/,
https://docs.linuxserver.io/images/docker-webtop/, https://coder.com/docs/code-server/install#docker,
https://jupyter-docker-stacks.readthedocs.io/en/latest/using/common.html
"""

import re
from dataclasses import dataclass, replace

from kode.render.options import OptionsOf


@dataclass(frozen=True)
class ImageProfile:
    """How an image is run.

    Attributes:
        name: what docs call it.
        port: TCP port that it listens on unless told otherwise.
        home: the directory that holds its settings.
        health_path: path that answers while it lives.
        starts_as_root: whether it must start as root (and then becomes PUID:PGID by itself);
            otherwise the pod runs it as PUID:PGID.
        uses_basic_auth: whether it asks for HTTP basic authentication when given a password: a lock
            for an image that nothing keeps on loopback, and its sidecar alone has the key.
        port_variable: the variable that moves its port.
        account: login name of the user that it runs as.
        group: group id that it runs as.
        unhealthy_from_status: the first status on its health path that shows no life.
        ignores_home_env: whether it uses its home whatever HOME says.
        opens_working_directory: whether it opens the directory that it is started in.
        entrypoint: the program that is named before options of its server; None where the
            image's own entrypoint takes them.
        user_variable: the variable that takes the user's name; None where it has none.
        workspace_variable: the variable that takes the folder to open; None where the working
            directory decides.
        host_variable: the variable that keeps it on loopback; None where nothing can.
        programs: folders of its own, outside those that every image has, that root runs from.
        extra_port_variables: variables that move further ports of it, and where those are; nobody
            sets them, because one that is moved onto the sidecar's could be reached past it.
        options: whose options its arguments are; None where they are another program's.
        blanks: variables that are set to nothing: what they say would bring a login of its own, or
            more options than its arguments.
        config_variable: the variable that names its configuration file; None where it has none.
        listens_unasked: whether it listens on its port without the variable, which people want for
            programs of their own.
    """

    name: str
    port: int
    home: str
    health_path: str
    starts_as_root: bool
    uses_basic_auth: bool
    port_variable: str
    account: str
    group: int = 1000
    unhealthy_from_status: int = 400
    ignores_home_env: bool = True
    opens_working_directory: bool = False
    entrypoint: str | None = None
    user_variable: str | None = None
    workspace_variable: str | None = None
    host_variable: str | None = None
    programs: tuple[str, ...] = ()
    extra_port_variables: tuple[tuple[str, str], ...] = ()
    options: OptionsOf | None = None
    blanks: tuple[str, ...] = ()
    config_variable: str | None = None
    listens_unasked: bool = False


_LINUXSERVER_FOLDERS = (
    *("/app", "/command", "/custom-cont-init.d", "/custom-services.d", "/defaults", "/init"),
    *("/lsiopy", "/package"),
)

LINUXSERVER_CODE_SERVER = ImageProfile(
    name="linuxserver/code-server",
    port=8443,
    home="/config",
    health_path="/healthz",
    starts_as_root=True,
    uses_basic_auth=False,
    port_variable="PORT",
    account="abc",
    workspace_variable="DEFAULT_WORKSPACE",
    host_variable="CODE_SERVER_HOST",
    programs=_LINUXSERVER_FOLDERS,
    blanks=("PASSWORD", "HASHED_PASSWORD"),
    config_variable="CODE_SERVER_CONFIG",
    listens_unasked=True,
)

# What is built from an image of either kind, or copied under another name, may listen elsewhere.
UNKNOWN_CODE_SERVER = replace(LINUXSERVER_CODE_SERVER, name="code-server", listens_unasked=False)

CODER_CODE_SERVER = ImageProfile(
    name="codercom/code-server",
    port=8080,
    home="/home/coder",
    health_path="/healthz",
    starts_as_root=False,
    uses_basic_auth=False,
    port_variable="PORT",
    account="coder",
    opens_working_directory=True,
    host_variable="CODE_SERVER_HOST",
    config_variable="CODE_SERVER_CONFIG",
    options="code-server",
)

LINUXSERVER_WEBTOP = ImageProfile(
    name="linuxserver/webtop",
    port=3000,
    home="/config",
    health_path="/",
    starts_as_root=True,
    uses_basic_auth=True,
    port_variable="CUSTOM_PORT",
    account="abc",
    user_variable="CUSTOM_USER",
    programs=_LINUXSERVER_FOLDERS,
    extra_port_variables=(("CUSTOM_HTTPS_PORT", "3001"), ("CUSTOM_WS_PORT", "8082")),
)

JUPYTER = ImageProfile(
    name="jupyter/docker-stacks",
    port=8888,
    home="/home/jovyan",
    health_path="/api",
    starts_as_root=False,
    uses_basic_auth=False,
    port_variable="JUPYTER_PORT",
    account="jovyan",
    group=100,
    opens_working_directory=True,
    entrypoint="start-notebook.py",
    options="jupyter",
    blanks=("NOTEBOOK_ARGS",),
)

CUSTOM = ImageProfile(
    name="custom",
    # Nothing to go by: a template of this type says its port.
    port=0,
    home="/home/kode",
    health_path="/",
    starts_as_root=False,
    uses_basic_auth=False,
    port_variable="PORT",
    account="kode",
    # It answers: that it has no page at / is nobody's concern.
    unhealthy_from_status=500,
    ignores_home_env=False,
)

_OF_TYPE = {"webtop": LINUXSERVER_WEBTOP, "jupyter": JUPYTER, "custom": CUSTOM}
_CODER = re.compile(r"(^|/)codercom/code-server([:@]|$)")
_LINUXSERVER = re.compile(r"(^|/)linuxserver/code-server([:@]|$)")


def of(template_type: str, image: str, default_home: str | None) -> ImageProfile:
    """Return the contract of a template's image.

    An image of type code-server follows linuxserver's contract unless it is codercom's own, or is
    built from it, which is told by its home /home/coder. None is believed to ask for a login.
    """
    if template_type in _OF_TYPE:
        return _OF_TYPE[template_type]
    if _CODER.search(image) or default_home == CODER_CODE_SERVER.home:
        return CODER_CODE_SERVER
    return LINUXSERVER_CODE_SERVER if _LINUXSERVER.search(image) else UNKNOWN_CODE_SERVER

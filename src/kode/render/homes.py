"""Where a Kode may have its home.

Rule: a volume that a person fills never stands where an image keeps what it runs or believes,
unless the template says so. With a passwd of one's own in /etc, `su` makes anybody root.
"""

from kode.api.conditions import Reason
from kode.api.template import TemplateSpec
from kode.errors import InvalidSpec
from kode.render.image_profile import ImageProfile

# Of the Filesystem Hierarchy Standard: programs, their settings and state, what the kernel shows.
# Source: https://refspecs.linuxfoundation.org/FHS_3.0/fhs/index.html
_SYSTEM = (
    *("/bin", "/boot", "/dev", "/etc", "/lib", "/lib32", "/lib64", "/libx32", "/opt", "/proc"),
    *("/root", "/run", "/sbin", "/sys", "/usr", "/var"),
)


def check(home: str, template: TemplateSpec, contract: ImageProfile) -> None:
    """Refuse a home in a system folder, or above one.

    Args:
        home: an absolute path without dot segments.
        template: the template as it is written: a defaultHome with placeholders in it is the
            Kode's word and not the template's.
        contract: what the image expects.

    Raises:
        InvalidSpec: with reason NotPermitted.
    """
    said = template.default_home
    meant = (contract.home, *((said,) if said and "{{" not in said else ()))
    if any(_is_within(home, folder) for folder in meant):
        return
    for folder in (*_SYSTEM, *contract.programs):
        if _is_within(home, folder) or _is_within(folder, home):
            raise InvalidSpec(
                Reason.NOT_PERMITTED,
                f"spec.home: {home} is or holds what the image itself runs by ({folder}): take "
                f"another, such as {contract.home}, or have the template's defaultHome name it",
            )


def _is_within(path: str, folder: str) -> bool:
    return path == folder or path.startswith(f"{folder}/")

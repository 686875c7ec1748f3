"""What $(NAME) in a Kode's variables comes out as, on every platform.

Rule: one table. {home}, {user}, {port} and {path} in a value that is wanted stand for what they are
on the platform that is asked.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Case:
    """Variables of a template and a Kode, and what their program finds.

    Attributes:
        title: what is right.
        template: names and values of the template's.
        kode: names and values of the Kode's.
        wanted: what the program finds among its own.
    """

    title: str
    template: tuple[tuple[str, str], ...]
    kode: tuple[tuple[str, str], ...]
    wanted: tuple[tuple[str, str], ...]

    def values(self, **facts: object) -> dict[str, str]:
        """Return what is wanted on a platform.

        Args:
            facts: its home, user, port and path.
        """
        texts = {f"{{{name}}}": str(value) for name, value in facts.items()}
        wanted = {}
        for name, value in self.wanted:
            wanted[name] = value
            for mark, text in texts.items():
                wanted[name] = wanted[name].replace(mark, text)
        return wanted

    def documents(self) -> tuple[list[dict[str, str]], list[dict[str, str]]]:
        """Return env of the template and of the Kode."""
        template, kode = (
            [{"name": name, "value": value} for name, value in items]
            for items in (self.template, self.kode)
        )
        return template, kode


def _of_kode(title: str, *items: tuple[str, str], **wanted: str) -> Case:
    return Case(title, (), items, tuple(wanted.items()))


CASES = (
    _of_kode(
        "kodes own",
        ("WHERE", "$(HOME)/x"),
        ("SELF", "http://127.0.0.1:$(PORT)/"),
        ("WHO", "$(USER) $(LOGNAME)"),
        ("WHICH", "$(KODE_NAMESPACE)/$(KODE_NAME)"),
        WHERE="{home}/x",
        SELF="http://127.0.0.1:{port}/",
        WHO="{user} {user}",
        WHICH="team/dev",
        HOME="{home}",
        KODE_NAME="dev",
    ),
    _of_kode("path before", ("PATH", "/opt/mine:$(PATH)"), PATH="/opt/mine:{path}"),
    _of_kode("path after", ("PATH", "$(PATH):$(HOME)/b"), PATH="{path}:{home}/b"),
    _of_kode("path within", ("PATH", "/a:$(PATH):/b"), PATH="/a:{path}:/b"),
    _of_kode("whole path", ("PATH", "/bin:/usr/bin"), ("MINE", "$(PATH)"), MINE="/bin:/usr/bin"),
    Case(
        "paths of both",
        (("PATH", "/t:$(PATH)"),),
        (("PATH", "/k:$(PATH)"),),
        (("PATH", "/k:/t:{path}"),),
    ),
    _of_kode(
        "escaped and unknown",
        ("A", "$$(HOME)"),
        ("B", "$(NOBODY) $HOME ${HOME} $"),
        ("C", "$$$(HOME)"),
        ("D", "a$$b"),
        A="$(HOME)",
        B="$(NOBODY) $HOME ${HOME} $",
        C="${home}",
        D="a$b",
    ),
    _of_kode("later ones", ("A", "$(B)"), ("B", "1"), ("C", "$(A)$(B)"), A="$(B)", C="$(B)1"),
    _of_kode(
        "an account of ones own",
        ("BEFORE", "$(USER)"),
        ("USER", "me-$(USER)"),
        ("AFTER", "$(USER)"),
        BEFORE="{user}",
        USER="me-{user}",
        AFTER="me-{user}",
    ),
    _of_kode("no home of ones own", ("HOME", "/x"), ("A", "$(HOME)"), HOME="{home}", A="{home}"),
    Case(
        "the kode over the template",
        (("A", "1"), ("B", "$(A)"), ("L", "/t")),
        (("X", "x"), ("A", "$(X)"), ("L", "/k:$(L)")),
        (("A", "x"), ("B", "1"), ("L", "/k:/t")),
    ),
)

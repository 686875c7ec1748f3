"""`kode apply`: objects as files say."""

import sys

from kode.cli.exits import Exit, code
from kode.cli.failures import tell
from kode.cli.files import Files, Found, found
from kode.cli.options import Form, Output, Takeover
from kode.cli.platforms import visit
from kode.cli.session import Session
from kode.cli.terminal.format import sanitize
from kode.errors import KodeError


def command(files: Files, where: Takeover, output: Output = Form.TABLE) -> None:
    """Make objects be as files say; one line about each, the wrong ones told and left out."""

    async def errand(session: Session) -> int:
        return await applied(session, files, output)

    visit(where, errand)


async def applied(session: Session, files: list[str], form: Form) -> int:
    """Apply every document; return the exit code of the first that failed."""
    from kode.cli.terminal import documents

    outcome, count, made = Exit.OK, 0, []
    for item in found(files, session.namespace):
        count += 1
        try:
            document, line = await _one(session, item)
        except KodeError as error:
            tell(f"{item.title}: {error}")
            outcome = outcome or code(error)
            continue
        made.append(document)
        if form is Form.TABLE:
            sys.stdout.write(f"{line}\n")
    if form is not Form.TABLE:
        documents.write(form, made)
    if not count:
        tell("no document in the given files")
        return Exit.REFUSED
    return outcome


async def _one(session: Session, item: Found) -> tuple[dict[str, object], str]:
    if item.error is not None:
        raise item.error
    from kode.cli.terminal.documents import title

    applied = await session.platform.apply(item.document or {})
    for warning in (item.warning, *applied.warnings):
        if warning:
            sys.stderr.write(f"warning: {item.title}: {sanitize(warning)}\n")
    return dict(applied.document), f"{title(applied.document)} {applied.verb}"

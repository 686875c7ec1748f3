"""`kode apply`: create and change objects as files declare them."""

import sys

from kode.cli.errors import print_error
from kode.cli.exit_codes import ExitCode, exit_code
from kode.cli.files import Document, Files, read_documents
from kode.cli.options import ApplyOptions, Output, OutputFormat
from kode.cli.platforms import run_command
from kode.cli.session import Session
from kode.cli.terminal.format import sanitize
from kode.errors import KodeError


def command(files: Files, target: ApplyOptions, output: Output = OutputFormat.TABLE) -> None:
    """Apply files to the platform; one line per object, invalid ones are reported and skipped."""

    async def action(session: Session) -> int:
        return await apply_files(session, files, output)

    run_command(target, action)


async def apply_files(session: Session, files: list[str], output_format: OutputFormat) -> int:
    """Apply every document; return the exit code of the first that failed."""
    from kode.cli.terminal.output import write_objects

    outcome, count, applied_objects = ExitCode.OK, 0, []
    for item in read_documents(files, session.namespace):
        count += 1
        try:
            document, line = await _apply(session, item)
        except KodeError as error:
            print_error(f"{item.title}: {error}")
            outcome = outcome or exit_code(error)
            continue
        applied_objects.append(document)
        if output_format is OutputFormat.TABLE:
            sys.stdout.write(f"{line}\n")
    if output_format is not OutputFormat.TABLE:
        write_objects(output_format, applied_objects)
    if not count:
        print_error("the files contain no document", "add a Kode or a template to them")
        return ExitCode.REFUSED
    return outcome


async def _apply(session: Session, item: Document) -> tuple[dict[str, object], str]:
    if item.error is not None:
        raise item.error
    from kode.cli.terminal.output import object_title

    result = await session.platform.apply(item.document or {})
    for warning in (item.warning, *result.warnings):
        if warning:
            sys.stderr.write(f"warning: {item.title}: {sanitize(warning)}\n")
    return dict(result.document), f"{object_title(result.document)} {result.verb}"

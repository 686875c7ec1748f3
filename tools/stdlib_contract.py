"""A contract for import-linter: some modules import the standard library and each other only.

Rule: for what runs beside every editor, or isolated from any installation (`python -I -S`): each
further import is memory for each editor, or does not work at all.
"""

import sys

from grimp import ImportGraph
from importlinter import Contract, ContractCheck, fields, output


class StandardLibraryContract(Contract):
    """Modules and packages that import nothing but the standard library and each other."""

    type_name = "standard_library"
    source_modules = fields.SetField(subfield=fields.ModuleField())

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:  # noqa: ARG002, FBT001 - import-linter's signature
        """Collect all other imports."""
        allowed = {"kode"}
        for source in self.source_modules:  # type: ignore[attr-defined]
            allowed |= {source.name} | graph.find_descendants(source.name)
        others = sorted(
            f"{module} imports {imported}"
            for module in allowed - {"kode"}
            for imported in graph.find_modules_directly_imported_by(module) - allowed
            if imported.partition(".")[0] not in sys.stdlib_module_names
        )
        return ContractCheck(kept=not others, metadata={"others": others})

    def render_broken_contract(self, check: ContractCheck) -> None:
        """Print one line for each import."""
        for line in check.metadata["others"]:
            output.print_error(line)

"""A template filled in for one Kode: its parameters' values and a few facts in their places.

Rule: values are checked by their parameters and put into texts only, once; the outcome is read anew
as a spec without placeholders, so a value can neither add a field nor make one that is invalid.
"""

from collections.abc import Mapping

from pydantic import ValidationError

from kode import labels
from kode.api import placeholders
from kode.api.conditions import Reason
from kode.api.document import problems
from kode.api.kode import Kode
from kode.api.template import Template, TemplateSpec
from kode.errors import InvalidSpec, RefNotFound


def fill(kode: Kode, template: Template, user: str) -> TemplateSpec:
    """Return a template's spec with nothing left to fill.

    Args:
        kode: the Kode, with the values that it sets.
        template: its template.
        user: its login name; empty where it has none.

    Raises:
        InvalidSpec: a value is unknown, missing or not allowed, or makes a field invalid.
        RefNotFound: the template is invalid for a Kode that sets no values (TemplateInvalid).
    """
    values = _values(kode, template)
    raw = template.spec.model_dump(by_alias=True, exclude_unset=True, exclude={"parameters"})
    if not placeholders.contains_placeholders(raw):
        return template.spec
    filled = placeholders.fill(raw, {**values, **_facts(kode, user)})
    try:
        return type(template.spec).model_validate(
            filled, by_alias=True, by_name=False, context=placeholders.FILLED_CONTEXT
        )
    except ValidationError as error:
        raise _misfit(kode, template, problems(error, type(template.spec))) from None


def _values(kode: Kode, template: Template) -> dict[str, str]:
    declared = {item.name: item for item in template.spec.parameters}
    named = f"{template.kind} {template.metadata.name}"
    found, wrong = {}, []
    for name in sorted(kode.spec.parameters.keys() - declared.keys()):
        has = f"it has {', '.join(declared)}" if declared else "it has none"
        wrong.append(f"spec.parameters.{name}: {named} has no such parameter; {has}")
    for name, parameter in declared.items():
        value = kode.spec.parameters.get(name, parameter.default)
        if value is None:
            why = f"required by {named}" + f" ({parameter.description})" * bool(
                parameter.description
            )
            wrong.append(f"spec.parameters.{parameter.title}: {why}")
            continue
        try:
            found[placeholders.PARAMETER + name] = parameter.accept(value)
        except ValueError as error:
            wrong.append(f"spec.parameters.{parameter.title}: {error}")
    if wrong:
        raise InvalidSpec(Reason.INVALID_SPEC, "; ".join(wrong))
    return found


def _facts(kode: Kode, user: str) -> Mapping[str, str]:
    meta = kode.metadata
    return {
        "kode.name": meta.name,
        "kode.namespace": meta.namespace,
        "owner.name": meta.annotations.get(labels.OWNER_NAME, user),
        "owner.email": meta.annotations.get(labels.OWNER_EMAIL, ""),
    }


def _misfit(kode: Kode, template: Template, wrong: str) -> InvalidSpec | RefNotFound:
    where = template.metadata.namespace
    named = f"{template.kind} {where}/{template.metadata.name}".replace(" /", " ")
    if kode.spec.parameters:
        return InvalidSpec(
            Reason.INVALID_SPEC, f"spec.parameters: with these values {named} is broken: {wrong}"
        )
    return RefNotFound(Reason.TEMPLATE_INVALID, f"{named} is broken once filled in: {wrong}")

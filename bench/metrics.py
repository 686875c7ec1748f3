"""A figure and how it is told: one JSON line, on the terminal and in artifacts/.

Rule: a figure stands beside its floor of the same run, so that it means something on any machine.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

ARTIFACTS = Path(__file__).resolve().parent.parent / "artifacts"


@dataclass(frozen=True)
class Metric:
    """One measured value.

    Attributes:
        name: what it is.
        value: how much.
        unit: of value and floor.
        floor: the same of a bare client, in the same run; None where there is none.
        goal: what is aimed at; None for a figure that is only told.
        of: what the goal is about, the value or its ratio to the floor, and which way is good.
    """

    name: str
    value: float
    unit: str
    floor: float | None = None
    goal: float | None = None
    of: Literal["value at most", "ratio at least"] = "value at most"

    @property
    def ratio(self) -> float | None:
        """Return the value by the floor."""
        return self.value / self.floor if self.floor else None

    def met(self) -> bool | None:
        """Tell whether the goal is met; None where there is none."""
        if self.goal is None:
            return None
        if self.of == "value at most":
            return self.value <= self.goal
        return self.ratio is not None and self.ratio >= self.goal

    def line(self) -> str:
        """Return the figure as a line of JSON."""
        fields: dict[str, object] = {
            "name": self.name,
            "value": round(self.value, 3),
            "floor": None if self.floor is None else round(self.floor, 3),
            "ratio": None if self.ratio is None else round(self.ratio, 3),
            "unit": self.unit,
        }
        if self.goal is not None:
            fields |= {"goal": f"{self.of} {self.goal:g}", "met": self.met()}
        return json.dumps(fields)


class Report:
    """Figures on their way out."""

    def __init__(self, name: str) -> None:
        """Begin a report; an older one of the same name goes."""
        ARTIFACTS.mkdir(exist_ok=True)
        self._path = ARTIFACTS / f"{name}.jsonl"
        self._path.write_text("")

    def tell(self, *figures: Metric) -> None:
        """Print figures and append them to the file."""
        for figure in figures:
            print(figure.line(), flush=True)
            with self._path.open("a") as file:
                file.write(figure.line() + "\n")

"""Draws the charts of docs/performance/ from the measured data beside them.

With --check it draws nothing, and fails if a chart is not what it would draw.
"""

import argparse
import itertools
import json
import math
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

FOLDER = Path(__file__).resolve().parents[1] / "docs" / "performance"

WIDTH, HEIGHT = 760, 420
LEFT, RIGHT, TOP, BOTTOM = 74, 190, 58, 62
# Colours that differ in brightness too, and are legible on the chart's own white.
BLUE, ORANGE, GREEN, PURPLE, GREY = (
    "#1f5fa8",
    "#c2571a",
    "#2f855a",
    "#7b3fa0",
    "#4a5568",
)


@dataclass(frozen=True)
class Axis:
    """An axis: its title, and the values that are labelled, the first and last being its ends."""

    title: str
    ticks: list[float]
    logarithmic: bool
    label: Callable[[float], str] = lambda value: f"{value:g}"

    def place(self, value: float) -> float:
        """Returns where a value is, 0 being the beginning and 1 the end."""
        scale: Callable[[float], float] = math.log10 if self.logarithmic else float
        low, high = scale(self.ticks[0]), scale(self.ticks[-1])
        return (scale(value) - low) / (high - low)


@dataclass(frozen=True)
class Line:
    """A line through points, with its name at its end."""

    name: str
    colour: str
    points: list[tuple[float, float]]
    dashed: bool = False


@dataclass(frozen=True)
class Chart:
    """A chart of lines."""

    title: str
    note: str
    x: Axis
    y: Axis
    lines: list[Line]

    def svg(self) -> str:
        """Returns the chart as SVG. It has a background of its own, for pages in dark mode."""
        head = (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
            'font-family="Helvetica, Arial, sans-serif" font-size="13" role="img" '
            'aria-labelledby="title description">'
        )
        parts = [
            head,
            f'<title id="title">{escape(self.title)}</title>',
            f'<desc id="description">{escape(self.description())}</desc>',
            f'<rect width="{WIDTH}" height="{HEIGHT}" rx="6" fill="#ffffff"/>',
            text(LEFT, 24, self.title, size=16, weight="bold"),
            text(LEFT, 43, self.note, colour=GREY, size=12),
        ]
        parts += self.grid()
        parts += [part for line in self.lines for part in self.draw(line)]
        parts += self.names()
        return "\n".join([*parts, "</svg>", ""])

    def description(self) -> str:
        """Returns the chart in words: each line's first and last point."""
        lines = [
            f"{line.name}: from {line.points[0][1]:g} to {line.points[-1][1]:g}"
            for line in self.lines
        ]
        return f"{self.y.title} over {self.x.title}. " + "; ".join(lines) + "."

    def at(self, point: tuple[float, float]) -> tuple[float, float]:
        """Returns where a point is on the page."""
        width, height = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM
        return (
            LEFT + width * self.x.place(point[0]),
            TOP + height * (1 - self.y.place(point[1])),
        )

    def grid(self) -> list[str]:
        """Draws both axes, a line at each tick, and the titles."""
        left, right, top, bottom = LEFT, WIDTH - RIGHT, TOP, HEIGHT - BOTTOM
        parts = []
        for tick in self.y.ticks:
            _, y = self.at((self.x.ticks[0], tick))
            parts.append(rule(left, y, right, y))
            parts.append(text(left - 8, y + 4, self.y.label(tick), anchor="end"))
        for tick in self.x.ticks:
            x, _ = self.at((tick, self.y.ticks[0]))
            parts.append(rule(x, top, x, bottom))
            parts.append(text(x, bottom + 19, self.x.label(tick), anchor="middle"))
        middle = (top + bottom) / 2
        parts.append(
            text((left + right) / 2, HEIGHT - 16, self.x.title, anchor="middle")
        )
        parts.append(
            f'<g transform="translate(20 {middle:.1f}) rotate(-90)">'
            + text(0, 0, self.y.title, anchor="middle")
            + "</g>"
        )
        return parts

    def draw(self, line: Line) -> list[str]:
        """Draws a line, with a dot at each point that was measured."""
        places = [self.at(point) for point in line.points]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
        dashes = ' stroke-dasharray="6 4"' if line.dashed else ""
        stroke = f'fill="none" stroke="{line.colour}" stroke-width="2"{dashes}'
        dots = [
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" fill="{line.colour}"/>'
            for x, y in places
        ]
        return [f'<polyline points="{path}" {stroke}/>', *dots]

    def names(self) -> list[str]:
        """Writes each line's name at its end, no name over another or below the chart."""
        lines = sorted(self.lines, key=lambda line: self.at(line.points[-1])[1])
        heights: list[float] = []
        for line in lines:
            above = heights[-1] + 17 if heights else TOP
            heights.append(max(self.at(line.points[-1])[1] + 4, above))
        below = float(HEIGHT - BOTTOM + 21)
        for number in reversed(range(len(heights))):
            below = min(heights[number], below - 17)
            heights[number] = below
        return [
            text(self.at(line.points[-1])[0] + 10, y, line.name, colour=line.colour)
            for line, y in zip(lines, heights, strict=True)
        ]


def text(
    x: float,
    y: float,
    words: str,
    *,
    anchor: str = "start",
    colour: str = "#1a202c",
    size: int = 13,
    weight: str = "normal",
) -> str:
    """Returns a text."""
    style = f'font-size="{size}" font-weight="{weight}" fill="{colour}"'
    place = f'x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"'
    return f"<text {place} {style}>{escape(words)}</text>"


def rule(x1: float, y1: float, x2: float, y2: float) -> str:
    """Returns a line of the grid."""
    return f'<path d="M {x1:.1f} {y1:.1f} L {x2:.1f} {y2:.1f}" stroke="#d5dbe3"/>'


def decades(values: list[float]) -> list[float]:
    """Returns the powers of ten around values."""
    low, high = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))
    return [10.0**power for power in range(low, max(high, low + 1) + 1)]


def steps(highest: float) -> list[float]:
    """Returns about five round values from 0 to beyond the highest."""
    power = 10.0 ** math.floor(math.log10(highest / 5))
    step = next(
        power * times for times in (1, 2, 5, 10) if power * times * 5.5 >= highest
    )
    return [step * number for number in range(math.ceil(highest / step) + 1)]


def latency(data: Any) -> Chart:
    """Returns the latency over the rate of logins."""
    rates = data["rates"]

    def line(
        name: str, colour: str, kind: str, percentile: str, *, dashed: bool = False
    ) -> Line:
        points = [
            (rate["multiple"], rate[kind][percentile])
            for rate in rates
            if rate[kind][percentile] > 0
        ]
        return Line(name, colour, points, dashed)

    lines = [
        line("logins, p99", BLUE, "login_ms", "p99"),
        line("logins, p50", BLUE, "login_ms", "p50", dashed=True),
        line("refusals, p99", ORANGE, "refusal_ms", "p99"),
        line("gets, p99", GREEN, "get_ms", "p99"),
        line("gets, p50", GREEN, "get_ms", "p50", dashed=True),
    ]
    lines = [line for line in lines if line.points]
    allowed = data["allowed_per_second"]
    return Chart(
        title="Latency of sesame serve under load",
        note=f"{data['checks_at_once']} processors; hashes allow {allowed:.0f} logins a second",
        x=Axis(
            "logins offered, as a multiple of what the hashes allow",
            [0.5, 1, 2, 5, 10],
            logarithmic=True,
            label=lambda value: f"{value:g}x",
        ),
        y=Axis(
            "latency from the intended arrival, ms",
            decades([y for line in lines for _, y in line.points]),
            logarithmic=True,
        ),
        lines=lines,
    )


def prices(data: Any) -> Chart:
    """Returns the price of a login and of a get over the memory of the function."""
    sizes = data["memory_mb"]

    def line(call: str, name: str, architecture: str, colour: str) -> Line:
        sums = data["calls"][call][architecture]["sum"]
        points = list(zip(sizes, sums, strict=True))
        label = f"{name}, {architecture}"
        return Line(label, colour, points, dashed=architecture == "arm64")

    lines = [
        line(call, name, architecture, colour)
        for call, name, colour in (
            ("create with password", "login", BLUE),
            ("get", "get", GREEN),
        )
        for architecture in ("x86_64", "arm64")
    ]
    return Chart(
        title="Price of a million calls",
        note=f"{data['region']}, without logs; on arm64 a hash is taken to take 13 ms",
        x=Axis(
            "memory of the function, MB", [0, *map(float, sizes)], logarithmic=False
        ),
        y=Axis(
            "dollars per million calls",
            steps(max(y for line in lines for _, y in line.points)),
            logarithmic=False,
        ),
        lines=lines,
    )


def growth(data: Any) -> Chart:
    """Returns the time of calls over the number of users, if the times can be believed."""

    def line(call: str, name: str, colour: str, *, emulator: bool) -> Line:
        points = []
        for time in data["calls"][call]["times"]:
            rest = time["total_ms"] - time["emulator_ms"]
            points.append((time["users"], time["emulator_ms"] if emulator else rest))
        label = f"{name}, {'emulator' if emulator else 'Sesame'}"
        return Line(label, colour, points, dashed=emulator)

    def is_credible(line: Line) -> bool:
        # More users make no call faster: then something else has disturbed the run.
        times = [time for _, time in line.points]
        return all(
            later > earlier * 0.75
            for earlier, later in itertools.combinations(times, 2)
        )

    pairs = [
        [line(call, name, colour, emulator=emulator) for emulator in (True, False)]
        for call, name, colour in (
            ("create without password", "create", BLUE),
            ("get", "get", GREEN),
            ("list", "list", PURPLE),
            ("delete", "delete", ORANGE),
        )
    ]
    lines = [line for pair in pairs if all(map(is_credible, pair)) for line in pair]
    users = [float(point[0]) for point in lines[0].points]
    return Chart(
        title="Time of a call as users and sessions grow in number",
        note="medians; in the emulated database (dashed), and in all else",
        x=Axis(
            "users, and as many sessions",
            decades(users),
            logarithmic=True,
            label=lambda value: f"{value:,.0f}".replace(",", " "),
        ),
        y=Axis(
            "ms",
            steps(max(y for line in lines for _, y in line.points)),
            logarithmic=False,
        ),
        lines=lines,
    )


# The charts by the file of their data.
CHARTS: dict[str, Callable[[Any], Chart]] = {
    "serve": latency,
    "prices": prices,
    "growth": growth,
}


def main() -> None:
    """Draws or checks all charts."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument(
        "--check", action="store_true", help="fail if a chart is out of date"
    )
    parser.add_argument(
        "--folder", type=Path, default=FOLDER, help="the folder of data and charts"
    )
    arguments = parser.parse_args()
    outdated = []
    for name, chart in CHARTS.items():
        data, file = (arguments.folder / f"{name}.{end}" for end in ("json", "svg"))
        try:
            drawn = chart(json.loads(data.read_text())).svg()
        except (OSError, ValueError, KeyError) as error:
            sys.exit(f"charts: {data}: {error!r}")
        if not arguments.check:
            file.write_text(drawn)
        elif not file.is_file() or file.read_text() != drawn:
            outdated.append(file.name)
    if outdated:
        sys.exit(f"charts: out of date: {', '.join(outdated)}; run benches/charts.py")


if __name__ == "__main__":
    main()

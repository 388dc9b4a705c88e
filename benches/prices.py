"""Prints what a million of each call costs, for several memory sizes and both architectures.

The prices are in benches/prices.json, with what is assumed; all else was measured:
docs/performance/serve.json has the processor time and the log of a call (`cargo bench --bench
serve`), docs/performance/growth.json its requests and units (`cargo bench --bench growth`).

A call is billed for its processor time and its waits for DynamoDB. Below 1769 MB, Lambda gives a
function that share of a processor, so that the processor time takes longer; above, the function has
more than one, of which a call uses one. Without free tiers, cold starts and traffic.

Nothing was measured on arm64. A call is taken to need the processor time of x86_64, but for its hash,
for which prices.json has the most favourable figure that is published for Graviton2.
"""

import argparse
import json
import math
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
PRICES = ROOT / "benches" / "prices.json"
MEASURED = ROOT / "docs" / "performance"
COMMITTED = MEASURED / "prices.json"
ARCHITECTURES = ("x86_64", "arm64")
MILLION = 1_000_000


@dataclass(frozen=True)
class Call:
    """What was measured of one kind of call."""

    name: str
    processor_ms: float
    hash_ms: float
    log_bytes: float
    steps: int
    read_units: float
    write_units: float


@dataclass(frozen=True)
class Price:
    """Dollars for a million calls."""

    billed_ms: int
    time: float
    requests: float
    http_api: float
    dynamodb: float
    logs: float

    @property
    def sum(self) -> float:
        """All but the logs, as docs/cost.md has it."""
        return self.time + self.requests + self.http_api + self.dynamodb


def read(path: Path) -> Any:
    """Returns a JSON file."""
    try:
        return json.loads(path.read_text())
    except (OSError, ValueError) as error:
        sys.exit(f"prices: {path}: {error}")


def calls(serve: Any, growth: Any) -> list[Call]:
    """Returns the calls that both benches have measured."""
    found = []
    for name, cost in serve["calls"].items():
        consumed = growth["calls"][name]
        found.append(
            Call(
                name=name,
                processor_ms=cost["processor_ms"],
                hash_ms=cost["hash_ms"],
                log_bytes=cost["log_bytes"],
                steps=consumed["steps"],
                read_units=consumed["read_units"],
                write_units=consumed["write_units"] + consumed["index_write_units"],
            )
        )
    return found


def price(call: Call, prices: Any, memory: int, architecture: str) -> Price:
    """Returns the price of a million calls."""
    dollars, assumed = prices["dollars"], prices["assumed"]
    share = min(1.0, memory / prices["lambda_mb_per_processor"])
    waits = call.steps * assumed["wait_ms_per_step"]
    processor_ms = call.processor_ms
    if architecture == "arm64" and call.hash_ms > 0:
        processor_ms += assumed["arm64_hash_ms"] - call.hash_ms
    # Lambda bills whole milliseconds.
    billed_ms = math.ceil(processor_ms / share + waits)
    gb_seconds = billed_ms / 1000 * memory / 1024
    reads = call.read_units * dollars["dynamodb_million_read_units"]
    writes = call.write_units * dollars["dynamodb_million_write_units"]
    logged = call.log_bytes + assumed["log_bytes_beside_service"]
    return Price(
        billed_ms=billed_ms,
        time=gb_seconds * dollars["lambda_gb_second"][architecture] * MILLION,
        requests=dollars["lambda_million_requests"],
        http_api=dollars["http_api_million_requests"],
        dynamodb=reads + writes,
        logs=logged * MILLION / 1e9 * dollars["logs_gb"],
    )


def table(all_calls: list[Call], prices: Any) -> dict[str, Any]:
    """Returns every price, as JSON."""
    sizes = prices["memory_mb"]
    result: dict[str, Any] = {
        "region": prices["region"],
        "memory_mb": sizes,
        "calls": {},
    }
    for call in all_calls:
        rows: dict[str, Any] = {}
        for architecture in ARCHITECTURES:
            found = [price(call, prices, memory, architecture) for memory in sizes]
            rows[architecture] = {
                "billed_ms": [one.billed_ms for one in found],
                "time": [round(one.time, 4) for one in found],
                "sum": [round(one.sum, 4) for one in found],
            }
        rows["dynamodb"] = round(found[0].dynamodb, 4)
        rows["logs"] = round(found[0].logs, 4)
        result["calls"][call.name] = rows
    return result


def show(result: dict[str, Any], prices: Any) -> None:
    """Prints every price."""
    sizes, assumed = result["memory_mb"], prices["assumed"]
    print(
        f"Dollars per million calls in {result['region']}, without logs; billed ms behind them"
    )
    for architecture in ARCHITECTURES:
        hashed = assumed["arm64_hash_ms"]
        note = f" (not measured: x86_64's processor time, but {hashed:g} ms for a hash)"
        print(f"\n{architecture}{note if architecture == 'arm64' else ''}\n")
        print(f"{'':24}" + "".join(f"{f'{size} MB':>14}" for size in sizes))
        for name, rows in result["calls"].items():
            pairs = zip(
                rows[architecture]["sum"], rows[architecture]["billed_ms"], strict=True
            )
            print(
                f"{name:24}" + "".join(f"{total:9.2f} {ms:4d}" for total, ms in pairs)
            )
    fixed = prices["dollars"]["lambda_million_requests"]
    fixed += prices["dollars"]["http_api_million_requests"]
    print(
        f"\nOf that, {fixed:.2f} are the requests of Lambda and the HTTP API."
        "\nDynamoDB and, besides, the logs:\n"
    )
    print(f"{'':24}{'DynamoDB':>10}{'logs':>10}")
    for name, rows in result["calls"].items():
        print(f"{name:24}{rows['dynamodb']:10.3f}{rows['logs']:10.2f}")
    wait, logged = assumed["wait_ms_per_step"], assumed["log_bytes_beside_service"]
    print(
        f"\nAssumed: {wait:g} ms for a request to DynamoDB, or several in parallel;"
        f"\n{logged} bytes of logs of Lambda and the gateway beside the service's own."
    )


def main() -> None:
    """Reads what was measured, and prints the prices or writes them to a file."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--serve", type=Path, default=MEASURED / "serve.json")
    parser.add_argument("--growth", type=Path, default=MEASURED / "growth.json")
    parser.add_argument(
        "--json", type=Path, help="a file to which the prices are written"
    )
    parser.add_argument(
        "--check",
        action="store_true",
        help=f"fail if {COMMITTED.relative_to(ROOT)} has other prices",
    )
    arguments = parser.parse_args()
    prices = read(PRICES)
    result = table(calls(read(arguments.serve), read(arguments.growth)), prices)
    if arguments.check:
        if read(COMMITTED) != result:
            sys.exit(f"prices: out of date: {COMMITTED.relative_to(ROOT)}")
        return
    show(result, prices)
    if arguments.json:
        arguments.json.write_text(json.dumps(result, indent=2) + "\n")


if __name__ == "__main__":
    main()

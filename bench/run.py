"""Measures Ashlar beside its peers and prints ratios: `make bench` (SF=10 and ROWS=20000000 for more data, ONLY=latency,service for parts).

Ends non-zero when an answer is wrong or a target is missed.
"""

import os
import sys
import time

import delta
import latency
import service
import snappy
import snapshot
import tpch

PARTS = ("tpch", "delta", "latency", "service", "snapshot", "snappy")


def main() -> int:
    build_dir = sys.argv[1]
    wanted = [name for name in os.environ.get("ONLY", ",".join(PARTS)).split(",") if name]
    unknown = set(wanted) - set(PARTS)
    if unknown:
        raise SystemExit(f"ONLY knows {', '.join(PARTS)}; not {', '.join(sorted(unknown))}")
    begin = time.monotonic()
    load = os.getloadavg()[0]
    figures = []
    if "tpch" in wanted:
        figures += tpch.run(build_dir, os.environ.get("SF", "1"))
    if "delta" in wanted:
        figures += delta.run(build_dir, int(os.environ.get("ROWS", "1000000")))
    if "latency" in wanted:
        figures += latency.run(build_dir)
    if "service" in wanted:
        figures += service.run(build_dir)
    if "snapshot" in wanted:
        figures += snapshot.run(build_dir)
    if "snappy" in wanted:
        figures += snappy.run(build_dir)
    print(f"\n  {'figure':<46} {'measured':>10}        target")
    for figure in figures:
        print(figure.line())
    missed = [figure.name for figure in figures if not figure.met]
    print(f"\n{len(figures)} figures in {time.monotonic() - begin:.0f} s, load at the start {load:.1f} on {os.cpu_count()} cores")
    if missed:
        print("missed: " + "; ".join(missed))
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())

"""Snappy blocks of columns unpacked on one core, ours against libduckdb.so's decoder in turns; the bytes are compared."""

import json
import subprocess

from report import Figure

RUNS = 100
# Numbers and short texts are what the decoder is made for; no column may be slower.
LIMITS = {"ids": 0.3, "longs": 0.6, "doubles": 0.6, "texts": 0.7}


def run(build_dir: str) -> list[Figure]:
    out = subprocess.run([f"{build_dir}/bench/snappy_bench", str(RUNS)], check=True, capture_output=True, text=True).stdout
    print("\nSnappy, GB/s of output a core")
    figures = []
    for line in out.splitlines():
        column = json.loads(line)
        name, ours, theirs = column["column"], column["ours"], column["theirs"]
        print(f"  {name:<10} {column['bytes'] / ours / 1e9:>7.2f}   libduckdb {column['bytes'] / theirs / 1e9:>7.2f}")
        figures.append(Figure(f"Snappy: {name}", ours / theirs, "x", LIMITS.get(name, 1.05), peer="against libduckdb.so"))
    return figures

"""Writes a binary table of ROWS x 28 numbers as OUT (.parquet or .csv).

    python bench/memory/generate.py ROWS OUT

Equal arguments give equal values: block b of 250,000 rows has the random numbers
of the seed (20261124, b). The numbers are normal, kept at three decimals as a
CSV file would have them, so that they are not exact in 32 bits; the outcome
depends on eight of the columns.
"""

import sys

import numpy as np
import pyarrow as pa
import pyarrow.csv as pc
import pyarrow.parquet as pq

BLOCK = 250_000
COLUMNS = 28


def block(number, rows):
    random = np.random.Generator(np.random.PCG64([20261124, number]))
    x = np.round(random.standard_normal((rows, COLUMNS)), 3)
    score = x[:, 0] + x[:, 1] * x[:, 2] + np.sin(2 * x[:, 3]) + 0.5 * x[:, 4] ** 2 - 0.5 + 0.7 * x[:, 5] - 0.4 * x[:, 6] * x[:, 7]
    yes = random.random(rows) < 1 / (1 + np.exp(-score))
    columns = {f"x{j:02d}": x[:, j] for j in range(COLUMNS)}
    columns["answer"] = np.where(yes, "yes", "no")
    return pa.table(columns)


def main(rows, out):
    first = block(0, min(rows, BLOCK))
    writer = pc.CSVWriter(out, first.schema) if out.endswith(".csv") else pq.ParquetWriter(out, first.schema)
    with writer:
        for number, start in enumerate(range(0, rows, BLOCK)):
            writer.write_table(first if number == 0 else block(number, min(BLOCK, rows - start)))


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])

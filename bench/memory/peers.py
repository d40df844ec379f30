"""Prints the most memory that a Python peer holds on a table of generate.py.

    python bench/memory/peers.py lightgbm|hgb FILE.parquet ROUNDS

The peer reads the table into one array of 64-bit numbers, holds a fifth of the
rows out, learns once from the others on 2 threads and predicts the held-out
rows: one fit, where bench/memory/main.go makes one for each fold and another.
"""

import resource
import sys
import time

import numpy as np
import pyarrow.parquet as pq


def tell(stage, begin):
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(f"{stage:24} peak {peak / 1e9:6.2f} GB  {time.time() - begin:7.1f} s", flush=True)


def read(path):
    file = pq.ParquetFile(path)
    names = [n for n in file.schema_arrow.names if n != "answer"]
    x = np.empty((file.metadata.num_rows, len(names)))
    y = np.empty(len(x))
    at = 0
    for batch in file.iter_batches(batch_size=250_000):
        end = at + batch.num_rows
        for j, name in enumerate(names):
            x[at:end, j] = batch.column(name).to_numpy(zero_copy_only=False)
        y[at:end] = batch.column("answer").to_numpy(zero_copy_only=False) == "yes"
        at = end
    return x, y


def main(peer, path, rounds):
    begin = time.time()
    x, y = read(path)
    tell("read", begin)
    cut = len(x) * 4 // 5
    if peer == "lightgbm":
        import lightgbm

        settings = {"objective": "binary", "num_threads": 2, "verbose": -1}
        model = lightgbm.train(settings, lightgbm.Dataset(x[:cut], y[:cut]), rounds)
    else:
        from sklearn.ensemble import HistGradientBoostingClassifier

        model = HistGradientBoostingClassifier(max_iter=rounds, early_stopping=False).fit(x[:cut], y[:cut])
    tell("learnt", begin)
    model.predict(x[cut:])
    tell("predicted", begin)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))

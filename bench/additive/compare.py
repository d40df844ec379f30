"""Our additive model beside interpret-core's explainable boosting machine:
same rows, folds and number of threads, the defaults of both.

    go build -o /tmp/additive ./bench/additive
    python bench/additive/compare.py /tmp/additive [-repeats 2] [-folds 5] [-params '{"bags": 8}'] [-bags 2] [-rows 6000] [-peer FILE] [set ...]

Every repeat is another partition into five folds, of which the first -folds are
tested. Losses are log-loss for
classes and RMSE for numbers, on the rows of each fold. Fit times are wall
seconds with two threads and processor seconds (user and system, of child
processes too), the median over the fits. -bags sets the number of bags of both
and -rows takes a sample of the rows, which saves time where only losses matter. -peer names a file in which the
peer's results are kept, so that it need not run again.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time

import numpy as np
import pandas as pd

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "quality"))
sys.path.insert(0, os.path.join(HERE, "..", "trees"))
import parity  # noqa: E402

SETS = ["credit-g", "mlc-churn", "spambase", "bank-costs", "diamonds"]
THREADS = 2


def processor():
    own, children = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime


def frame(x, features):
    """The rows as the peer reads them: categories as words."""
    out = pd.DataFrame({f["name"]: x[:, j] for j, f in enumerate(features)})
    for f in features:
        if f.get("levels"):
            out[f["name"]] = out[f["name"]].map(lambda v: None if np.isnan(v) else f"level {int(v)}").astype(object)
    return out


def peer(x, y, task, features, fold, f, options):
    from interpret.glassbox import ExplainableBoostingClassifier, ExplainableBoostingRegressor
    make = ExplainableBoostingRegressor if task == "regression" else ExplainableBoostingClassifier
    table = frame(x, features)
    kinds = ["nominal" if f.get("levels") else "continuous" for f in features]
    test = fold == f
    m = make(feature_types=kinds, n_jobs=THREADS, random_state=1, **options)
    start, cpu = time.perf_counter(), processor()
    m.fit(table[~test], y[~test])
    wall = time.perf_counter() - start
    stop_workers()
    cpu = processor() - cpu
    p = m.predict(table[test]) if task == "regression" else m.predict_proba(table[test])[:, 1]
    loss = float(parity.loss(task, "squared", 0, y[test], p))
    one = table[test].iloc[:1]
    start = time.perf_counter()
    for _ in range(20):
        m.predict(one)
    return {"loss": [loss], "train": [wall], "cpu": [cpu], "row_microseconds": (time.perf_counter() - start) / 20 * 1e6}


def stop_workers():
    """Ends the peer's pool, so that its processor time is counted."""
    from joblib.externals.loky import get_reusable_executor
    get_reusable_executor().shutdown(wait=True)


def ours(program, at, params):
    text = subprocess.run([program, "-data", at, "-params", params, "-threads", str(THREADS)],
                          check=True, capture_output=True, text=True).stdout
    return json.loads(text)


def row(name, shape, a, b):
    loss_a, loss_b = np.array(a["loss"]), np.array(b["loss"])
    error = (loss_a - loss_b).std(ddof=1) / np.sqrt(len(loss_a)) if len(loss_a) > 1 else np.nan
    wall, cpu = [np.median(r["train"]) for r in (a, b)], [np.median(r["cpu"]) for r in (a, b)]
    print(f"| {name} | {shape[0]} x {shape[1]} | {loss_a.mean():.6g} | {loss_b.mean():.6g} "
          f"| {(loss_a.mean() / loss_b.mean() - 1) * 100:+.2f} % | {error / loss_b.mean() * 100:.2f} % | {wall[0]:.3f} | {wall[1]:.2f} | {wall[1] / wall[0]:.1f} "
          f"| {cpu[0]:.3f} | {cpu[1]:.2f} | {cpu[1] / cpu[0]:.1f} | {a['row_microseconds']:.2f} | {b['row_microseconds']:.0f} | {a['bytes'] / 1000:.0f} |", flush=True)


def join(into, more):
    for k, v in more.items():
        into[k] = into.get(k, []) + v if isinstance(v, list) else v


def main():
    a = argparse.ArgumentParser()
    a.add_argument("program")
    a.add_argument("-repeats", type=int, default=2)
    a.add_argument("-folds", type=int, default=5)
    a.add_argument("-params", default="{}")
    a.add_argument("-bags", type=int, default=0)
    a.add_argument("-rows", type=int, default=0)
    a.add_argument("-peer", default="")
    a.add_argument("sets", nargs="*")
    o = a.parse_intermixed_args()
    params, options = json.loads(o.params), {}
    if o.bags:
        params["bags"], options["outer_bags"] = o.bags, o.bags
    kept = json.load(open(o.peer)) if o.peer and os.path.exists(o.peer) else {}
    print("| set | rows x columns | loss, ours | interpret | difference | standard error | wall s, ours | interpret | times | processor s, ours | interpret | times | row us, ours | interpret | saved KB |")
    print("|" + "---|" * 15)
    for name in o.sets or SETS:
        x, y, task, classes, features = parity.frame_set(name)
        if 0 < o.rows < len(y):
            some = np.random.default_rng(0).permutation(len(y))[:o.rows]
            x, y = x[some], y[some]
        mine, theirs = {}, {}
        for seed in range(o.repeats):
            fold = parity.folds(y, task, o.folds, seed)
            with tempfile.TemporaryDirectory() as at:
                parity.write(at, x, y, task, classes, features, fold, o.folds)
                if os.path.exists(o.program):
                    join(mine, ours(o.program, at, json.dumps(params)))
            for f in range(o.folds):
                key = f"{name} {seed} {f}" + (f" {o.bags} bags" if o.bags else "") + (f" {o.rows} rows" if o.rows else "")
                if key not in kept:
                    kept[key] = peer(x, y, task, features, fold, f, options)
                    if o.peer:
                        with open(o.peer, "w") as out:
                            json.dump(kept, out)
                join(theirs, kept[key])
        if mine:
            row(name, x.shape, mine, theirs)


if __name__ == "__main__":
    main()

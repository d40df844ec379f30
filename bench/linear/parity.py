"""Our linear models on sparse rows beside scikit-learn's: the same rows, the same
objective, two threads.

    go build -o /tmp/linear ./bench/linear
    python bench/linear/parity.py /tmp/linear [-repeats 3] [-only WORD] [set ...]

Sets: `generated` (200,000 rows to learn from and 50,000 to judge by, 100,000
columns whose frequency falls as that of words does, 50 draws a row, scaled to
length 1; two classes), `five` (the same with five classes) and `number` (the same
with a number), `sst2` (sentences, positive or not) and `banking77` (questions, 77
intents), both as tf-idf of words and pairs of words that two training texts have.

Every fit is a process of its own. Figures: objective (mean loss plus penalty, on
the training rows, computed here from the weights of either), loss and AUC or
accuracy on the test rows, seconds of the clock and of the processor for the fit
alone (medians), and memory: how much more the process held at most during the
fit than before it.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import warnings

import numpy as np
import scipy.sparse as sp

DATA = os.environ.get("BESPOKE_DATA", os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "..", "shared", "data"))
THREADS = 2


def generated(kind, rows=200_000, test=50_000, columns=100_000, draws=50):
    r = np.random.default_rng(7)
    share = 1 / (np.arange(columns) + 10.0)
    share /= share.sum()
    n = rows + test
    at = r.choice(columns, size=n * draws, p=share)
    order = r.permutation(columns)  # frequent columns lie anywhere
    x = sp.csr_matrix((np.ones(n * draws), order[at], np.arange(0, n * draws + 1, draws)), shape=(n, columns))
    x.sum_duplicates()
    x.data *= np.sqrt(np.log(1 / share))[np.argsort(order)][x.indices]  # rare words weigh more
    x.data /= np.repeat(np.sqrt(np.asarray(x.multiply(x).sum(axis=1)).ravel()), np.diff(x.indptr))
    x = x.astype(np.float32)
    k = 5 if kind == "five" else 1
    w = r.normal(size=(columns, k)) * (r.random((columns, 1)) < 0.2) * 8
    z = x @ w
    if kind == "number":
        y = 100 + 10 * (z[:, 0] + r.normal(size=n))
    elif kind == "five":
        y = np.argmax(z + r.gumbel(size=z.shape), axis=1).astype(float)
    else:
        y = (r.random(n) < 1 / (1 + np.exp(-z[:, 0]))).astype(float)
    return x[:rows], y[:rows], x[rows:], y[rows:]


def texts(kind):
    from sklearn.feature_extraction.text import TfidfVectorizer
    import csv
    parts = []
    for name in ("train", "test"):
        if kind == "sst2":
            with open(os.path.join(DATA, "sst2", name + ".tsv"), encoding="utf-8") as f:
                parts.append([line.rstrip("\n").rsplit("\t", 1) for line in f if "\t" in line])
        else:
            with open(os.path.join(DATA, "banking77", name + ".csv"), encoding="utf-8") as f:
                parts.append(list(csv.reader(f))[1:])
    names = sorted({row[1] for row in parts[0]})
    v = TfidfVectorizer(ngram_range=(1, 2), min_df=2, token_pattern=r"\w+", dtype=np.float32)
    x = v.fit_transform(row[0] for row in parts[0])
    t = v.transform(row[0] for row in parts[1])
    y, u = ([names.index(row[1]) for row in p] for p in parts)
    return x, np.array(y, float), t, np.array(u, float)


def write(at, task, classes, x, y, t, u):
    with open(os.path.join(at, "meta.json"), "w") as f:
        json.dump({"task": task, "classes": [str(c) for c in range(classes)] if classes else None, "columns": x.shape[1]}, f)
    for name, m, target in (("train", x, y), ("test", t, u)):
        m.sort_indices()
        m.indptr.astype("<i8").tofile(os.path.join(at, name + ".starts"))
        m.indices.astype("<u4").tofile(os.path.join(at, name + ".columns"))
        m.data.astype("<f4").tofile(os.path.join(at, name + ".values"))
        target.astype("<f8").tofile(os.path.join(at, name + ".y"))


def read(at):
    with open(os.path.join(at, "meta.json")) as f:
        meta = json.load(f)
    out = []
    for name in ("train", "test"):
        starts = np.fromfile(os.path.join(at, name + ".starts"), "<i8")
        index = np.fromfile(os.path.join(at, name + ".columns"), "<i4")
        values = np.fromfile(os.path.join(at, name + ".values"), "<f4")
        out.append(sp.csr_matrix((values, index, starts.astype("<i4")), shape=(len(starts) - 1, meta["columns"])))
        out.append(np.fromfile(os.path.join(at, name + ".y"), "<f8"))
    return meta, out


def softmax(z):
    z = z - z.max(axis=1, keepdims=True)
    e = np.exp(z)
    return e / e.sum(axis=1, keepdims=True)


def judge(meta, rows, weights, intercepts, lasso, ridge):
    """Objective on the training rows, loss and score on the test rows. weights is
    columns x raw outputs; lasso and ridge are against the mean loss."""
    from sklearn.metrics import roc_auc_score
    x, y, t, u = rows

    def losses(m, target):
        z = m @ weights + intercepts
        if meta["task"] == "regression":
            return (z[:, 0] - target) ** 2 / 2, z
        if meta["task"] == "binary":
            return np.logaddexp(0, z[:, 0]) - target * z[:, 0], z
        return -np.log(softmax(z)[np.arange(len(target)), target.astype(int)]), z
    penalty = lasso * np.abs(weights).sum() + ridge / 2 * (weights ** 2).sum()
    loss, z = losses(t, u)
    score = None
    if meta["task"] == "binary":
        score = roc_auc_score(u, z[:, 0])
    elif meta["task"] == "multiclass":
        score = float(np.mean(np.argmax(z, axis=1) == u))
    return {"objective": float(losses(x, y)[0].mean() + penalty), "loss": float(loss.mean()), "score": score, "zero": float(np.mean(weights == 0))}


def contenders(task, classes, n):
    """name -> (peer or ours, parameters, lasso, ridge)."""
    if task == "regression":
        strength = 1.0 / n
        return {
            "ours": ("linear.ridge.v1", {"alpha": 1}, 0, strength),
            "ours, tolerance 1e-4": ("linear.ridge.v1", {"alpha": 1, "tolerance": 1e-4}, 0, strength),
            "Ridge, sparse_cg": ("Ridge", {"alpha": 1, "solver": "sparse_cg"}, 0, strength),
            "Ridge, sag": ("Ridge", {"alpha": 1, "solver": "sag", "random_state": 1}, 0, strength),
        }
    out = {
        "ours": ("linear.logistic.v1", {"c": 1}, 0, 1 / n),
        "ours, tolerance 1e-4": ("linear.logistic.v1", {"c": 1, "tolerance": 1e-4}, 0, 1 / n),
        "LogisticRegression, lbfgs": ("LogisticRegression", {"solver": "lbfgs", "max_iter": 1000}, 0, 1 / n),
        "LogisticRegression, saga": ("LogisticRegression", {"solver": "saga", "random_state": 1}, 0, 1 / n),
        "SGDClassifier": ("SGDClassifier", {"loss": "log_loss", "alpha": 1 / n, "random_state": 1, "n_jobs": THREADS}, 0, 1 / n),
    }
    if classes == 2:
        out |= {
            "LogisticRegression, liblinear": ("LogisticRegression", {"solver": "liblinear", "random_state": 1}, 0, 1 / n),
            "LogisticRegression, newton-cg": ("LogisticRegression", {"solver": "newton-cg"}, 0, 1 / n),
            "lasso, ours": ("linear.logistic.v1", {"c": 1, "l1_ratio": 1}, 1 / n, 0),
            "lasso, ours, tolerance 1e-4": ("linear.logistic.v1", {"c": 1, "l1_ratio": 1, "tolerance": 1e-4}, 1 / n, 0),
            "lasso, liblinear": ("LogisticRegression", {"l1_ratio": 1, "solver": "liblinear", "random_state": 1}, 1 / n, 0),
            "lasso, saga": ("LogisticRegression", {"l1_ratio": 1, "solver": "saga", "random_state": 1}, 1 / n, 0),
        }
    return out


def memory(line):
    with open("/proc/self/status") as f:
        return next(int(s.split()[1]) for s in f if s.startswith(line)) / 1024


def peer(at, name, params):
    """Runs in a process of its own; prints figures and leaves the weights in at."""
    import sklearn.linear_model as lm
    warnings.simplefilter("ignore")
    meta, (x, y, _, _) = read(at)
    m = getattr(lm, name)(**params)
    before = memory("VmRSS")
    with open("/proc/self/clear_refs", "w") as f:
        f.write("5")
    start, cpu = time.perf_counter(), time.process_time()
    m.fit(x, y)
    out = {"seconds": time.perf_counter() - start, "cpu": time.process_time() - cpu, "before_mib": before, "peak_mib": memory("VmHWM")}
    out["iterations"] = int(np.max(getattr(m, "n_iter_", 0) or 0))
    weights = np.atleast_2d(m.coef_).T.astype(float)
    np.concatenate([np.atleast_1d(m.intercept_).astype(float), weights.ravel()]).tofile(os.path.join(at, "weights.bin"))
    print(json.dumps(out))


def once(program, at, name, params):
    if name.startswith("linear."):
        text = subprocess.run([program, "-data", at, "-model", name, "-params", json.dumps(params), "-threads", str(THREADS), "-out", os.path.join(at, "weights.bin")],
                              check=True, capture_output=True, text=True).stdout
    else:
        text = subprocess.run([sys.executable, os.path.abspath(__file__), "peer", at, name, json.dumps(params)],
                              check=True, capture_output=True, text=True, env=os.environ | {"OMP_NUM_THREADS": str(THREADS), "OPENBLAS_NUM_THREADS": str(THREADS)}).stdout
    return json.loads(text)


def compare(program, name, repeats, only):
    task, classes = {"generated": ("binary", 2), "five": ("multiclass", 5), "number": ("regression", 0), "sst2": ("binary", 2), "banking77": ("multiclass", 77)}[name]
    rows = texts(name) if name in ("sst2", "banking77") else generated(name)
    x = rows[0]
    print(f"\n{name}: {x.shape[0]} x {x.shape[1]}, {x.nnz / x.shape[0]:.1f} entries a row; {rows[2].shape[0]} test rows\n")
    print("| contender | objective | zero weights | test loss | AUC or accuracy | seconds | processor s | iterations | MiB more | row us | bytes |")
    print("|---|---|---|---|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as at:
        write(at, task, classes, *rows)
        meta, rows = read(at)
        for label, (model, params, lasso, ridge) in contenders(task, classes, x.shape[0]).items():
            if only and only not in label:
                continue
            runs = [once(program, at, model, params) for _ in range(repeats)]
            k = 1 if task != "multiclass" else classes
            numbers = np.fromfile(os.path.join(at, "weights.bin"), "<f8")
            j = judge(meta, rows, numbers[k:k + k * x.shape[1]].reshape(-1, k), numbers[:k], lasso, ridge)
            r = {key: statistics.median(run[key] for run in runs) for key in ("seconds", "cpu", "peak_mib", "before_mib")} | {k: runs[0].get(k, "") for k in ("iterations", "row_microseconds", "bytes")}
            score = "" if j["score"] is None else f"{j['score']:.5f}"
            row = r["row_microseconds"] and f"{r['row_microseconds']:.2f}"
            print(f"| {label} | {j['objective']:.8g} | {100 * j['zero']:.1f} % | {j['loss']:.6g} | {score} | {r['seconds']:.2f} | {r['cpu']:.2f} | {r['iterations']} | {r['peak_mib'] - r['before_mib']:.0f} | {row} | {r['bytes']} |", flush=True)


def main():
    if sys.argv[1] == "peer":
        peer(sys.argv[2], sys.argv[3], json.loads(sys.argv[4]))
        return
    p = argparse.ArgumentParser()
    p.add_argument("program")
    p.add_argument("sets", nargs="*", default=["generated", "five", "number", "sst2", "banking77"])
    p.add_argument("-repeats", type=int, default=3)
    p.add_argument("-only", default="")
    a = p.parse_intermixed_args()
    for name in a.sets:
        compare(a.program, name, a.repeats, a.only)


if __name__ == "__main__":
    main()

"""Whole searches beside FLAML, AutoGluon and H2O AutoML: the same training rows,
the same held-out rows, the same minutes and two threads each.

    python3 -m venv VENV && VENV/bin/pip install -r bench/automl/requirements.txt
    go build -o BESPOKE ./cmd/bespoke
    VENV/bin/python bench/automl/automl.py --bespoke BESPOKE --budget 60

A quarter of the rows is held out, evenly by outcome. Every system gets the other
three quarters as a CSV file and must spend at most the budget on them. Ours runs
as a user runs it: `bespoke run`, which keeps five percent of those rows for its
own report, and `bespoke predict`. What is measured of each:

  score    AUC (two outcomes), log-loss (more) or RMSE on the held-out rows
  seconds  from the start to a model on disk
  bytes    of the saved model: what a company would have to ship
  row_ms   one row to its prediction, median of 100, as its users call it: the
           peers in the process by their predict with a frame of one row, ours
           over HTTP from `bespoke serve`
  peak     the most memory of all its processes at a time (proportional set size)

Systems of a set run one after the other, each alone. Results are added to
results.json; what is there already is not run again. H2O needs Java.
"""

import argparse
import http.client
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time

import numpy as np
import pandas as pd

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "quality"))
import sets as quality  # noqa: E402

SYSTEMS = ["ours", "flaml", "autogluon-medium", "autogluon-good", "h2o"]
NAMES = ["credit-g", "mlc-churn", "lending-club", "spambase", "attrition", "bank-costs", "diamonds", "ames", "dna-splice", "breast-cancer"]
ROWS = 100


def dna_splice():
    frame = quality._csv("dna-splice", "splice_sequences.csv")
    letters = pd.DataFrame([list(s.ljust(60, "-")) for s in frame["seq"]], columns=[f"at{i}" for i in range(60)])
    return letters.assign(**{"class": frame["class"]}), "class", None, None


def load(name):
    """The frame, its target and its task."""
    every = quality.SETS | quality.DEVELOPMENT | {"dna-splice": dna_splice}
    frame, target, _, _ = every[name]()
    if pd.api.types.is_numeric_dtype(frame[target]) and frame[target].nunique() > 20:
        return frame, target, "regression"
    return frame, target, "binary" if frame[target].nunique() == 2 else "multiclass"


def divide(frame, target, task, seed):
    """Train and test frames; the test frame is a quarter, evenly by outcome."""
    rng = np.random.default_rng(seed)
    test = np.zeros(len(frame), bool)
    groups = frame[target] if task != "regression" else pd.qcut(frame[target], 10, labels=False, duplicates="drop")
    for _, rows in frame.groupby(groups.to_numpy()).indices.items():
        test[rng.permutation(rows)[: round(len(rows) / 4)]] = True
    return frame[~test].reset_index(drop=True), frame[test].reset_index(drop=True)


# One system each: learn from train.csv in the folder, save, predict test.csv.
# Each gives probabilities by class name, or numbers, and what it took.


def timed(predict, frame):
    """The median milliseconds of predicting one row."""
    spans = []
    for i in range(ROWS):
        row = frame.iloc[[i % len(frame)]]
        begin = time.perf_counter()
        predict(row)
        spans.append(time.perf_counter() - begin)
    return 1000 * float(np.median(spans))


def size(path):
    path = pathlib.Path(path)
    return path.stat().st_size if path.is_file() else sum(f.stat().st_size for f in path.rglob("*") if f.is_file())


METRIC = {
    "flaml": {"binary": "roc_auc", "multiclass": "log_loss", "regression": "rmse"},
    "autogluon": {"binary": "roc_auc", "multiclass": "log_loss", "regression": "root_mean_squared_error"},
    "h2o": {"binary": "AUC", "multiclass": "logloss", "regression": "RMSE"},
    "ours": {"binary": "auc", "multiclass": "log_loss", "regression": "rmse"},
}


def ours(job):
    folder, target, task = job["folder"], job["target"], job["task"]
    binary = job["bespoke"]
    with open(os.path.join(folder, "scenario.yaml"), "w") as f:
        json.dump({
            "scenario": "automl", "data": {"source": "train.csv", "target": target, "split": {"test": "5%", "by": "random"}},
            "evaluate": {"metric": METRIC["ours"][task], "learning": 0}, "explain": {"drop": 0},
            "budget": {"time": f"{job['budget']}s"}, "seed": job["seed"],
        }, f)
    begin = time.time()
    out = os.path.join(folder, "run")
    subprocess.run([binary, "run", folder, "--dir", out, "--threads", "2", "--quiet", "--force"], check=True, stdout=subprocess.DEVNULL)
    seconds = time.time() - begin
    bundle = os.path.join(out, "automl.bespoke")
    predicted = subprocess.run([binary, "predict", bundle, os.path.join(folder, "test.csv"), "--quiet"], check=True, capture_output=True, text=True)
    with open(os.path.join(folder, "predicted.csv"), "w") as f:
        f.write(predicted.stdout)
    table = pd.read_csv(os.path.join(folder, "predicted.csv"))
    if task == "regression":
        prediction = table.iloc[:, 0]
    else:
        prediction = table[[c for c in table.columns if c.startswith("p_")]].rename(columns=lambda c: c[2:])
    return prediction, {"seconds": seconds, "bytes": size(bundle), "row_ms": served(binary, bundle, job)}


def served(binary, bundle, job):
    """One row over HTTP, the median in milliseconds."""
    test = pd.read_csv(os.path.join(job["folder"], "test.csv"), keep_default_na=False, na_values=["", "NA"]).drop(columns=[job["target"]])
    rows = json.loads(test.head(ROWS).to_json(orient="records"))
    server = subprocess.Popen([binary, "serve", bundle, "--listen", "127.0.0.1:0", "--json"], stderr=subprocess.PIPE, text=True)
    try:
        address = None
        for line in server.stderr:
            found = re.search(r"listening on http://([0-9.:]+)", line)
            if found:
                address = found.group(1)
                break
        threading.Thread(target=server.stderr.read, daemon=True).start()
        connection = http.client.HTTPConnection(address)
        spans = []
        for i in range(ROWS):
            body = json.dumps({"rows": [rows[i % len(rows)]]})
            begin = time.perf_counter()
            connection.request("POST", "/v1/predict", body, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            text = answer.read()
            spans.append(time.perf_counter() - begin)
            if answer.status != 200:
                raise RuntimeError(text)
        return 1000 * float(np.median(spans))
    finally:
        server.terminate()
        server.wait()


def frames(job):
    read = lambda name: pd.read_csv(os.path.join(job["folder"], name), keep_default_na=False, na_values=["", "NA"])
    return read("train.csv"), read("test.csv").drop(columns=[job["target"]])


def flaml(job):
    import pickle

    from flaml import AutoML

    train, test = frames(job)
    begin = time.time()
    model = AutoML()
    task = {"binary": "classification", "multiclass": "classification", "regression": "regression"}[job["task"]]
    model.fit(dataframe=train, label=job["target"], task=task, metric=METRIC["flaml"][job["task"]],
              time_budget=job["budget"], n_jobs=2, seed=job["seed"], verbose=0)
    path = os.path.join(job["folder"], "flaml.pkl")
    with open(path, "wb") as f:
        pickle.dump(model, f)
    seconds = time.time() - begin
    if job["task"] == "regression":
        return pd.Series(model.predict(test)), {"seconds": seconds, "bytes": size(path), "row_ms": timed(model.predict, test)}
    prediction = pd.DataFrame(model.predict_proba(test), columns=model.classes_)
    return prediction, {"seconds": seconds, "bytes": size(path), "row_ms": timed(model.predict_proba, test)}


def autogluon(job):
    from autogluon.tabular import TabularPredictor

    train, test = frames(job)
    path = os.path.join(job["folder"], "autogluon")
    begin = time.time()
    preset = {"autogluon-medium": "medium_quality", "autogluon-good": "good_quality"}[job["system"]]
    model = TabularPredictor(job["target"], path=path, eval_metric=METRIC["autogluon"][job["task"]], problem_type=job["task"], verbosity=0)
    model.fit(train, time_limit=job["budget"], presets=preset, num_cpus=2, dynamic_stacking=False, ag_args_ensemble={"fold_fitting_strategy": "sequential_local"})
    seconds = time.time() - begin
    # Without the models of the folds, which good_quality does not keep, only those
    # learnt again from all rows can be asked.
    best = model.model_refit_map().get(model.model_best, model.model_best)
    model.persist(models=[best])

    def predict(rows):
        return (model.predict if job["task"] == "regression" else model.predict_proba)(rows, model=best)

    return predict(test), {"seconds": seconds, "bytes": size(path), "row_ms": timed(predict, test)}


def h2o(job):
    import h2o as engine
    from h2o.automl import H2OAutoML

    engine.init(nthreads=2, max_mem_size="8g", log_level="ERRR", verbose=False)
    engine.no_progress()
    train, test = frames(job)
    begin = time.time()
    frame = engine.H2OFrame(train)
    if job["task"] != "regression":
        frame[job["target"]] = frame[job["target"]].asfactor()
    model = H2OAutoML(max_runtime_secs=job["budget"], seed=job["seed"], sort_metric=METRIC["h2o"][job["task"]], nfolds=5)
    model.train(y=job["target"], training_frame=frame)
    path = engine.save_model(model.leader, path=os.path.join(job["folder"], "h2o"), force=True)
    seconds = time.time() - begin

    def predict(rows):
        return model.leader.predict(engine.H2OFrame(rows, column_types=types)).as_data_frame()

    types = {c: t for c, t in frame.types.items() if c != job["target"]}
    types = {c: {"int": "numeric", "real": "numeric"}.get(t, t) for c, t in types.items()}
    prediction = predict(test)
    took = {"seconds": seconds, "bytes": size(path), "row_ms": timed(predict, test)}
    engine.cluster().shutdown()
    return (prediction["predict"] if job["task"] == "regression" else prediction.drop(columns=["predict"])), took


RUNNERS = {"ours": ours, "flaml": flaml, "autogluon-medium": autogluon, "autogluon-good": autogluon, "h2o": h2o}


def one(job):
    """Runs one system in this process and writes what came of it."""
    prediction, took = RUNNERS[job["system"]](job)
    truth = pd.read_csv(os.path.join(job["folder"], "test.csv"), keep_default_na=False, na_values=["", "NA"])[job["target"]]
    took["score"] = score(truth, prediction, job["task"])
    print("RESULT " + json.dumps(took))


def score(truth, prediction, task):
    from sklearn.metrics import log_loss, roc_auc_score

    if task == "regression":
        return float(np.sqrt(np.mean((truth.to_numpy(float) - np.asarray(prediction, float)) ** 2)))
    prediction.columns = [str(c) for c in prediction.columns]
    labels = sorted(prediction.columns)
    p = prediction[labels].to_numpy(float)
    truth = truth.astype(str)
    if task == "binary":
        return float(roc_auc_score(truth == labels[1], p[:, 1]))
    return float(log_loss(truth, p / p.sum(axis=1, keepdims=True), labels=labels))


def peak(process, into):
    """Follows the memory of a process and its children until it ends."""
    import psutil

    try:
        root = psutil.Process(process.pid)
        while process.poll() is None:
            total = 0
            for p in [root, *root.children(recursive=True)]:
                try:
                    with open(f"/proc/{p.pid}/smaps_rollup") as f:
                        total += next(int(line.split()[1]) * 1024 for line in f if line.startswith("Pss:"))
                except (OSError, StopIteration):
                    pass
            into[0] = max(into[0], total)
            time.sleep(0.25)
    except psutil.NoSuchProcess:
        pass


def measure(system, name, budget, seed, bespoke):
    frame, target, task = load(name)
    folder = tempfile.mkdtemp(prefix="automl-")
    try:
        train, test = divide(frame, target, task, seed)
        train.to_csv(os.path.join(folder, "train.csv"), index=False)
        test.to_csv(os.path.join(folder, "test.csv"), index=False)
        job = {"system": system, "target": target, "task": task, "budget": budget, "seed": seed, "folder": folder, "bespoke": bespoke}
        env = os.environ | {"OMP_NUM_THREADS": "2", "OPENBLAS_NUM_THREADS": "2", "GOMAXPROCS": "2"}
        process = subprocess.Popen([sys.executable, __file__, "--job", json.dumps(job)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=env)
        most = [0]
        follower = threading.Thread(target=peak, args=(process, most))
        follower.start()
        out, err = process.communicate()
        follower.join()
        found = re.search(r"^RESULT (.*)$", out, re.MULTILINE)
        row = {"system": system, "set": name, "task": task, "budget": budget, "seed": seed, "date": time.strftime("%Y-%m-%d")}
        if not found:
            return row | {"failed": (err.strip().splitlines() or ["no output"])[-1][:300]}
        return row | json.loads(found.group(1)) | {"peak": most[0]}
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def table(results, budget):
    """The results of a budget as Markdown: scores with ranks, then what models cost."""
    rows = [r for r in results if r["budget"] == budget]
    names = [n for n in NAMES if any(r["set"] == n for r in rows)]
    cell = {}
    for r in rows:
        cell.setdefault((r["set"], r["system"]), []).append(r)
    mean = lambda name, system, key: np.mean([r[key] for r in cell.get((name, system), []) if key in r] or [np.nan])
    lines = ["| set | measure | " + " | ".join(SYSTEMS) + " |", "|---" * (len(SYSTEMS) + 2) + "|"]
    ranks = {s: [] for s in SYSTEMS}
    for name in names:
        task = next(r["task"] for r in rows if r["set"] == name)
        scores = {s: mean(name, s, "score") for s in SYSTEMS}
        sign = -1 if task == "binary" else 1
        # A system without a result is last.
        order = sorted(SYSTEMS, key=lambda s: sign * scores[s] if np.isfinite(scores[s]) else np.inf)
        for place, s in enumerate(order):
            ranks[s].append(place + 1)
        shown = [f"{scores[s]:.4g}" + (" **1**" if order[0] == s else f" {order.index(s) + 1}") for s in SYSTEMS]
        measure = {"binary": "AUC", "multiclass": "log-loss", "regression": "RMSE"}[task]
        lines.append(f"| {name} | {measure} | " + " | ".join(shown) + " |")
    lines.append("| mean rank | | " + " | ".join(f"{np.mean(ranks[s]):.2f}" for s in SYSTEMS) + " |")
    for key, title, scale in [("seconds", "seconds, mean", 1), ("bytes", "model in MB, median", 1e6), ("row_ms", "one row in ms, median", 1), ("peak", "peak memory in MB, median", 1e6)]:
        of = np.mean if key == "seconds" else np.median
        values = [of([mean(n, s, key) for n in names if np.isfinite(mean(n, s, key))] or [np.nan]) / scale for s in SYSTEMS]
        lines.append(f"| {title} | | " + " | ".join(f"{v:.3g}" for v in values) + " |")
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--bespoke", help="the program")
    parser.add_argument("--budget", type=int, default=60, help="seconds")
    parser.add_argument("--seeds", default="0")
    parser.add_argument("--sets", default=",".join(NAMES))
    parser.add_argument("--systems", default=",".join(SYSTEMS))
    parser.add_argument("--results", default=str(HERE / "results.json"))
    parser.add_argument("--again", action="store_true", help="run what is there already once more")
    parser.add_argument("--table", action="store_true", help="print the results of the budget and run nothing")
    parser.add_argument("--job", help=argparse.SUPPRESS)
    a = parser.parse_args()
    if a.job:
        one(json.loads(a.job))
        return
    results = json.loads(pathlib.Path(a.results).read_text()) if os.path.exists(a.results) else []
    if a.table:
        print(table(results, a.budget))
        return
    for seed in map(int, a.seeds.split(",")):
        for name in a.sets.split(","):
            for system in a.systems.split(","):
                key = lambda r: (r["system"], r["set"], r["budget"], r["seed"])
                have = [r for r in results if key(r) == (system, name, a.budget, seed) and "failed" not in r]
                if have and not a.again:
                    continue
                row = measure(system, name, a.budget, seed, a.bespoke)
                results = [r for r in results if key(r) != key(row)] + [row]
                pathlib.Path(a.results).write_text(json.dumps(results, indent=1) + "\n")
                print(json.dumps(row), flush=True)


if __name__ == "__main__":
    main()

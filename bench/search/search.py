"""The guided search beside the drawn one and FLAML, in equal time.

    python bench/search/search.py run [--seconds 60] [--only drawn,guided,flaml] [--seed 0] [set ...]
    python bench/search/search.py report

Each set of bench/quality gives one fifth of its rows (stratified for classes) to
be predicted, once; the others are for learning. All get the same rows and two
threads. They run at the same time, so that what else the machine does is in the way of
all. FLAML gets --flaml times the seconds of the clock of ours: on a busy machine
it had half of our processor seconds, and with twice the time about as many. The
learnt list that the guided search
begins with is learnt without the set (bench/portfolio). Figures go to
results.json, from which `report` makes the tables of RESULTS.md.

Run it with a Python that has flaml (bench/automl/requirements.txt; it wants an
older xgboost than bench/requirements.txt), or without FLAML.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
import warnings

THREADS = 2
os.environ["OMP_NUM_THREADS"] = str(THREADS)
os.environ["OMP_WAIT_POLICY"] = "PASSIVE"

import numpy as np  # noqa: E402
import pandas as pd  # noqa: E402
from sklearn.metrics import log_loss, roc_auc_score  # noqa: E402
from sklearn.model_selection import KFold, StratifiedKFold  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.join(HERE, "..", "..")
sys.path[:0] = [os.path.join(HERE, "..", "quality"), os.path.join(HERE, "..", "portfolio")]
import portfolio  # noqa: E402
import sets  # noqa: E402

warnings.filterwarnings("ignore")
RESULTS = os.path.join(HERE, "results.json")
NAMES = ["credit-g", "mlc-churn", "lending-club", "spambase", "attrition", "bank-costs", "diamonds", "ames", "breast-cancer"]
CONTENDERS = ["drawn", "guided", "flaml"]


class Set:
    def __init__(self, name, seed):
        self.name = name
        self.frame, self.target, self.positive, _ = (sets.SETS | sets.DEVELOPMENT)[name]()
        self.frame = self.frame.drop(columns=sets.HIDDEN.get(name, []))
        self.y = self.frame[self.target].to_numpy()
        if self.positive is not None:
            self.y = (self.y == self.positive).astype(float)
        splitter = (KFold if self.positive is None else StratifiedKFold)(5, shuffle=True, random_state=seed)
        self.test = next(iter(splitter.split(self.frame, self.y)))[1]

    def write(self, at, budget):
        self.frame.to_csv(os.path.join(at, "data.csv"), index=False)
        fold = np.ones(len(self.y), int)
        fold[self.test] = 0
        with open(os.path.join(at, "folds.txt"), "w") as f:
            f.write("\n".join(map(str, fold)) + "\n")
        lines = [f"scenario: {self.name}", "data:", "  source: data.csv", f"  target: {self.target}"]
        if self.positive is not None:
            lines.append(f"  positive: {self.positive}")
        else:
            lines += ["  columns:", f"    {self.target}: {{kind: number}}"]
        with open(os.path.join(at, "scenario.yaml"), "w") as f:
            f.write("\n".join(lines + [f"budget: {budget}"]) + "\n")

    def figures(self, p):
        y = self.y[self.test]
        if self.positive is None:
            return {"loss": float(np.sqrt(np.mean((y - p) ** 2)))}
        return {"loss": float(log_loss(y, np.clip(p, 1e-15, 1 - 1e-15))), "auc": float(roc_auc_score(y, p))}


def binary(name, at):
    """Builds the program of bench/quality with the list learnt without the set."""
    learnt, overlay, out = (os.path.join(at, n) for n in ("portfolio.json", "overlay.json", "quality"))
    with open(learnt, "w") as f:
        json.dump(portfolio.shipped(portfolio.load(), name), f)
    with open(overlay, "w") as f:
        json.dump({"Replace": {os.path.abspath(portfolio.SHIPPED): learnt}}, f)
    subprocess.run(["go", "build", "-overlay", overlay, "-o", out, "./bench/quality"], check=True, cwd=ROOT)
    return out


def ours(s, program, at, budget):
    s.write(at, budget)
    csv, summary = os.path.join(at, "out.csv"), os.path.join(at, "summary.json")
    begin = time.perf_counter()
    subprocess.run([program, "-scenario", os.path.join(at, "scenario.yaml"), "-folds", os.path.join(at, "folds.txt"), "-fold", "0",
                    "-out", csv, "-summary", summary, "-threads", str(THREADS)], check=True)
    seconds = time.perf_counter() - begin
    p = pd.read_csv(csv).set_index("row")["number"].loc[s.test + 1].to_numpy()
    with open(summary) as f:
        fold = json.load(f)["folds"][0]
    return p, {"seconds": seconds, "cpu": fold["cpu"], "trials": fold["trials"], "stopped": fold.get("stopped", 0), "members": fold.get("members") or [fold["scenario"]]}


def flaml(s, seconds):
    from flaml import AutoML
    x = s.frame.drop(columns=[s.target])
    for c in x.columns:
        if not pd.api.types.is_numeric_dtype(x[c]):
            x[c] = x[c].astype("category")
    train = np.setdiff1d(np.arange(len(s.y)), s.test)
    classes = s.positive is not None
    m = AutoML()
    begin, cpu = time.perf_counter(), processor()
    m.fit(x.iloc[train], s.y[train], task="classification" if classes else "regression", metric="log_loss" if classes else "rmse",
          time_budget=seconds, n_jobs=THREADS, seed=1, verbose=0)
    p = m.predict_proba(x.iloc[s.test])[:, 1] if classes else m.predict(x.iloc[s.test])
    return p, {"seconds": time.perf_counter() - begin, "cpu": processor() - cpu, "members": [m.best_estimator]}


def processor():
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(u.ru_utime + u.ru_stime for u in used)


def one(a):
    """One contender on one set; prints its figures."""
    name, who = a.sets
    s = Set(name, a.seed)
    with tempfile.TemporaryDirectory() as at:
        if who == "flaml":
            p, more = flaml(s, a.seconds * a.flaml)
        else:
            p, more = ours(s, a.binary, at, f"{{time: {a.seconds}s, search: {'draw' if who == 'drawn' else 'guided'}}}")
    print(json.dumps(s.figures(p) | more))


def run(a):
    found = {}
    if os.path.exists(a.json):
        with open(a.json) as f:
            found = json.load(f)
    for name in a.sets or NAMES:
        with tempfile.TemporaryDirectory() as at:
            program = binary(name, at) if set(a.only) != {"flaml"} else None
            figures = found.setdefault(str(a.seconds), {}).setdefault(name, {})
            begun = {who: subprocess.Popen([sys.executable, __file__, "one", name, who, "--seconds", str(a.seconds), "--flaml", str(a.flaml),
                                            "--seed", str(a.seed), "--binary", str(program)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) for who in a.only}
            for who, process in begun.items():
                out, _ = process.communicate()
                figures.setdefault(who, {})[str(a.seed)] = json.loads(out.splitlines()[-1])
                print(name, who, figures[who][str(a.seed)], flush=True)
                with open(a.json, "w") as f:
                    json.dump(found, f, indent=1)


def report(a):
    with open(a.json) as f:
        found = json.load(f)
    for seconds, by in found.items():
        ranks = {c: [] for c in CONTENDERS}
        print(f"\n{seconds} seconds of search, loss on held-out rows (log-loss, RMSE), in brackets AUC and processor seconds\n")
        print("| set | " + " | ".join(CONTENDERS) + " | trials drawn / guided (stopped) |\n|" + "---|" * (len(CONTENDERS) + 2))
        for name, who in by.items():
            if set(CONTENDERS) - set(who):
                continue
            mean = {c: np.mean([f["loss"] for f in who[c].values()]) for c in CONTENDERS}
            for c in CONTENDERS:
                ranks[c].append(1 + sum(mean[o] < mean[c] for o in CONTENDERS))
            cells = []
            for c in CONTENDERS:
                auc = [f["auc"] for f in who[c].values() if "auc" in f]
                text = f"{mean[c]:.4g}" if mean[c] > 100 else f"{mean[c]:.4f}"
                text = f"**{text}**" if mean[c] == min(mean.values()) else text
                cells.append(f"{text} ({f'{np.mean(auc):.4f}, ' if auc else ''}{np.mean([f['cpu'] for f in who[c].values()]):.0f} s)")
            drawn, guided = ([f[k] for f in who[c].values()] for c, k in (("drawn", "trials"), ("guided", "trials")))
            stopped = [f["stopped"] for f in who["guided"].values()]
            print(f"| {name} | " + " | ".join(cells) + f" | {np.mean(drawn):.0f} / {np.mean(guided):.0f} ({np.mean(stopped):.0f}) |")
        print("| mean rank | " + " | ".join(f"{np.mean(ranks[c]):.2f}" for c in CONTENDERS) + " | |")


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("what", choices=["run", "one", "report"])
    arguments.add_argument("sets", nargs="*")
    arguments.add_argument("--seconds", type=int, default=60)
    arguments.add_argument("--seed", type=int, default=0)
    arguments.add_argument("--only", type=lambda text: text.split(","), default=CONTENDERS)
    arguments.add_argument("--binary")
    arguments.add_argument("--flaml", type=float, default=1)
    arguments.add_argument("--json", default=RESULTS)
    a = arguments.parse_intermixed_args()
    {"run": run, "one": one, "report": report}[a.what](a)


if __name__ == "__main__":
    main()

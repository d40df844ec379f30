"""Quality and money of the complete choice beside scikit-learn and LightGBM.

    python bench/quality/quality.py [--only ours,hgb,lightgbm] [set ...]

For each set of sets.py: 5 outer folds (stratified for classes, seed 0). In each
fold, ours designs, searches, calibrates and refits on the other rows with inner
folds of their own; the peers learn from the same rows with their defaults,
categories native. All predict the fold's rows, once. Where right and wrong
answers cost money, all decide per row: ours by its own payoffs, the peers by
the cut-off that is best for their probabilities, raw and calibrated by a
sigmoid (nested, 5 folds).

Figures go to results.json beside this file, and as tables between the marks of
RESULTS.md. A set that was not run keeps its figures.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
import warnings

THREADS = 2
os.environ["OMP_NUM_THREADS"] = str(THREADS)
os.environ["OMP_WAIT_POLICY"] = "PASSIVE"  # other work on the machine would be waited for in a loop

import lightgbm  # noqa: E402
import numpy as np  # noqa: E402
import pandas as pd  # noqa: E402
import sklearn  # noqa: E402
from sklearn.calibration import CalibratedClassifierCV  # noqa: E402
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor  # noqa: E402
from sklearn.metrics import roc_auc_score  # noqa: E402
from sklearn.model_selection import KFold, StratifiedKFold  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
import report  # noqa: E402
import sets  # noqa: E402

warnings.filterwarnings("ignore")

FOLDS, SEED, RESAMPLES = 5, 0, 2000

# How many candidates ours tries per outer fold, and on how many inner folds: as
# many as the time allows. About ten of them are design's proposals.
TRIALS = {
    "credit-g": (40, 5), "mlc-churn": (16, 5), "lending-club": (14, 5), "spambase": (14, 5), "bank-costs": (12, 3), "tv-churn": (14, 3),
    "breast-cancer": (40, 5), "diamonds": (10, 3), "ames": (14, 3),
}

# The action that stands for "the positive outcome is expected".
ACTS = {"refuse", "call", "offer"}


class Set:
    """One data set with its outer folds."""

    def __init__(self, name):
        self.name = name
        self.frame, self.target, self.positive, self.money = (sets.SETS | sets.DEVELOPMENT)[name]()
        self.y = self.frame[self.target].to_numpy()
        if self.positive is not None:
            self.y = (self.y == self.positive).astype(float)
        hidden = sets.HIDDEN.get(name, [])
        self.x = self.frame.drop(columns=[self.target] + hidden)
        for c in self.x.columns:
            if not pd.api.types.is_numeric_dtype(self.x[c]):
                self.x[c] = self.x[c].astype("category")
        splitter = (KFold if self.positive is None else StratifiedKFold)(FOLDS, shuffle=True, random_state=SEED)
        self.fold = np.empty(len(self.y), int)
        for k, (_, test) in enumerate(splitter.split(self.x, self.y)):
            self.fold[test] = k

    @property
    def classes(self):
        return self.positive is not None

    def write(self, at, trials, inner=FOLDS):
        """Writes the data, the scenario and the folds for ours."""
        self.frame.to_csv(os.path.join(at, "data.csv"), index=False)
        with open(os.path.join(at, "folds.txt"), "w") as f:
            f.write("\n".join(map(str, self.fold)) + "\n")
        lines = [f"scenario: {self.name}", "data:", "  source: data.csv", f"  target: {self.target}"]
        if self.classes:
            lines += [f"  positive: {self.positive}"]
        lines += [f"  split: {{folds: {inner}}}"]
        columns = [f"    {c}: {{role: info}}" for c in sets.HIDDEN.get(self.name, [])]
        if not self.classes:
            columns += [f"    {self.target}: {{kind: number}}"]
        if columns:
            lines += ["  columns:"] + columns
        if self.money:
            lines += ["value:", "  actions:"]
            for action, payoffs in sets.VALUE[self.name].items():
                lines += [f"    {action}: {{" + ", ".join(f'"{o}": "{v}"' for o, v in payoffs.items()) + "}"]
        lines += [f"budget: {{trials: {trials}}}", f"seed: {SEED + 1}"]
        with open(os.path.join(at, "scenario.yaml"), "w") as f:
            f.write("\n".join(lines) + "\n")


def losses(s, p):
    """The loss of each row: log-loss, or the squared error."""
    if not s.classes:
        return (s.y - p) ** 2
    p = np.clip(p, 1e-15, 1 - 1e-15)
    return -np.where(s.y == 1, np.log(p), np.log(1 - p))


def loss(s, p):
    """Log-loss, or the root of the mean squared error, per fold and in all."""
    each = losses(s, p)
    of = np.array([each[s.fold == k].mean() for k in range(FOLDS)])
    return (of, each.mean()) if s.classes else (np.sqrt(of), np.sqrt(each.mean()))


def cutoff(s):
    fp, fn, tp, tn = s.money
    return (fp - tn) / (fp - tn + fn - tp)


def cost(s, act):
    """The realised cost of each row, given which rows are acted on."""
    fp, fn, tp, tn = s.money
    return np.where(s.y == 1, np.where(act, tp, fn), np.where(act, fp, tn))


def expected(s, p, act):
    fp, fn, tp, tn = s.money
    return np.where(act, p * tp + (1 - p) * fp, p * fn + (1 - p) * tn)


def savings_of(s, acts, rows=slice(None)):
    constant = min(cost(s, np.zeros(len(s.y), bool))[rows].sum(), cost(s, np.ones(len(s.y), bool))[rows].sum())
    return [1 - cost(s, a)[rows].sum() / constant for a in acts]


def draws(n):
    r = np.random.default_rng(SEED)
    return [r.integers(0, n, n) for _ in range(RESAMPLES)]


def interval(values):
    return [float(v) for v in np.percentile(values, [2.5, 97.5])]


def hgb(s):
    return (HistGradientBoostingClassifier if s.classes else HistGradientBoostingRegressor)(random_state=SEED)


def lgbm(s):
    kind = lightgbm.LGBMClassifier if s.classes else lightgbm.LGBMRegressor
    return kind(n_jobs=THREADS, random_state=SEED, verbose=-1)


def peer(s, make, calibrated=False):
    """Out-of-fold predictions of a peer, with seconds of the clock and of processors."""
    out, begin, cpu = np.empty(len(s.y)), time.perf_counter(), time.process_time()
    for k in range(FOLDS):
        test = s.fold == k
        m = make(s)
        if calibrated:
            m = CalibratedClassifierCV(m, method="sigmoid", cv=FOLDS)
        m.fit(s.x[~test], s.y[~test])
        out[test] = m.predict_proba(s.x[test])[:, 1] if s.classes else m.predict(s.x[test])
    return out, time.perf_counter() - begin, time.process_time() - cpu


def ours(s, binary, at, *options):
    csv, summary = os.path.join(at, "ours.csv"), os.path.join(at, "summary.json")
    subprocess.run([binary, "-scenario", os.path.join(at, "scenario.yaml"), "-folds", os.path.join(at, "folds.txt"),
                    "-out", csv, "-summary", summary, "-threads", str(THREADS), *options], check=True)
    frame = pd.read_csv(csv).sort_values("row")
    if not np.array_equal(frame["row"], np.arange(1, len(s.y) + 1)):
        raise SystemExit(f"{s.name}: rows are missing from what ours predicted")
    with open(summary) as f:
        return frame, json.load(f)["folds"]


def quality(s, p):
    of, whole = loss(s, p)
    out = {"loss": float(whole), "loss_folds": [float(v) for v in of]}
    if s.classes:
        out["auc"] = float(roc_auc_score(s.y, p))
        out["accuracy"] = float(((p > 0.5) == (s.y == 1)).mean())
    return out


# LightGBM's defaults in our names, for the like-for-like run.
SAME = {"label": "same parameters", "model": "trees.boost.v1", "params": {"rounds": 100, "patience": 0}}


def measure(s, binary, trials, inner, only):
    """Everything about one set: figures by contender."""
    out, predicted, acts = {}, {}, {}

    def add(name, p, seconds, cpu, act=None, **more):
        out[name] = quality(s, p) | {"seconds": seconds, "cpu": cpu} | more
        predicted[name] = p
        if s.money:
            acts[name] = p > cutoff(s) if act is None else act
            e, r = expected(s, p, acts[name]).sum(), cost(s, acts[name]).sum()
            out[name] |= {"cost": float(r), "expected_cost": float(e), "money_ratio": float(r / e)}

    with tempfile.TemporaryDirectory() as at:
        s.write(at, trials, inner)
        if "ours" in only:
            frame, folds = ours(s, binary, at)
            act = frame["action"].isin(ACTS).to_numpy() if s.money else None
            time_of = sum(f["seconds"] for f in folds), sum(f["cpu"] for f in folds)
            add("ours", frame["number"].to_numpy(), *time_of, act, choices=folds)
            add("ours, most accurate", frame["technology"].to_numpy(), *time_of)
        if "same" in only:
            frame, folds = ours(s, binary, at, "-candidate", json.dumps(SAME))
            add("ours, LightGBM's parameters", frame["number"].to_numpy(), sum(f["seconds"] for f in folds), sum(f["cpu"] for f in folds))
    for name, make in (("scikit-learn HGB", hgb), ("LightGBM", lgbm)):
        if ("hgb" if make is hgb else "lightgbm") not in only:
            continue
        add(name, *peer(s, make))
        if s.money:
            add(name + ", sigmoid", *peer(s, make, calibrated=True))
    if s.money:
        resampled(s, out, acts)
    return {"rows": len(s.y), "columns": s.x.shape[1], "positives": int(s.y.sum()) if s.classes else None, "trials": trials, "inner_folds": inner, "contenders": out}


def resampled(s, out, acts):
    """Savings with intervals from resampled rows, the same for all contenders."""
    names = list(acts)
    whole = savings_of(s, [acts[n] for n in names])
    constant = np.stack([cost(s, np.zeros(len(s.y), bool)), cost(s, np.ones(len(s.y), bool))])
    costs = np.stack([cost(s, acts[n]) for n in names])
    resamples = np.array([1 - costs[:, r].sum(1) / constant[:, r].sum(1).min() for r in draws(len(s.y))])
    for i, n in enumerate(names):
        out[n]["savings"], out[n]["savings_interval"] = float(whole[i]), interval(resamples[:, i])
        if "ours" in names and n != "ours":
            out[n]["ours_more"] = interval(resamples[:, names.index("ours")] - resamples[:, i])


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("sets", nargs="*")
    arguments.add_argument("--binary", help="a built ./bench/quality; by default it is built")
    arguments.add_argument("--trials", type=int, help="instead of the table TRIALS")
    arguments.add_argument("--only", default="ours,same,hgb,lightgbm")
    arguments.add_argument("--json", default=os.path.join(HERE, "results.json"))
    arguments.add_argument("--markdown", default=os.path.join(HERE, "RESULTS.md"))
    a = arguments.parse_args()
    results = {}
    if os.path.exists(a.json):
        with open(a.json) as f:
            results = json.load(f)
    with tempfile.TemporaryDirectory() as built:
        binary = a.binary or os.path.join(built, "quality")
        if not a.binary:
            subprocess.run(["go", "build", "-o", binary, "./bench/quality"], check=True, cwd=os.path.join(HERE, "..", ".."))
        for name in a.sets or list(sets.SETS):
            begin = time.perf_counter()
            results.setdefault("sets", {})[name] = measure(Set(name), binary, a.trials or TRIALS[name][0], TRIALS[name][1], a.only.split(","))
            results["date"] = time.strftime("%Y-%m-%d")
            results["versions"] = {"scikit-learn": sklearn.__version__, "LightGBM": lightgbm.__version__,
                                   "numpy": np.__version__, "python": platform.python_version()}
            with open(a.json, "w") as f:
                json.dump(results, f, indent=1)
            print(f"{name}: {time.perf_counter() - begin:.0f} s", file=sys.stderr, flush=True)
    text = report.write(results, a.markdown, list(sets.SETS))
    print(text)


if __name__ == "__main__":
    main()

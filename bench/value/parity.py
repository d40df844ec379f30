"""Measures of profit and uplift, ours beside those of the peers: same rows.

    go build -o /tmp/value ./bench/value
    python bench/value/parity.py /tmp/value parity [cases]
    python bench/value/parity.py /tmp/value speed

parity: the largest difference of each measure over many random cases (tiny and
large, with ties, all scores equal, one row of a class, scores turned round) and
over real rows, and how often either program gives no number.

speed: the least time of several runs on a million rows, one thread each.

Known differences are kept apart, each with a case that shows it; see `differ`.
"""

import json
import os
import subprocess
import sys
import time
import warnings

for k in ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE"):
    os.environ.pop(k, None)
for k in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ[k] = "1"

import mpmath
import numpy as np
import pandas as pd

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "quality"))
import sets  # noqa: E402
from EMP import metrics as emp  # noqa: E402
from empulse import metrics as em  # noqa: E402
from empulse.metrics import CostMatrix, EmpiricalMaxProfit, Metric  # noqa: E402
import sympy  # noqa: E402

try:
    import dcurves
except ImportError:
    dcurves = None
try:
    from sklift import metrics as lift
except ImportError:
    lift = None

warnings.simplefilter("ignore")

_tp, _fp, _fn, _tn = sympy.symbols("tp fp fn tn")
EMPIRICAL = Metric(CostMatrix().add_tp_cost(_tp).add_fp_cost(_fp).add_fn_cost(_fn).add_tn_cost(_tn), EmpiricalMaxProfit())


# ---- cases

def scores(r, n, kind):
    s = r.random(n)
    if kind == "ties":
        s = np.round(s, 1)
    if kind == "equal":
        s[:] = 0.25
    return s


KINDS = ["plain", "ties", "equal", "perfect", "reversed", "rare"]


def labels(r, s, kind):
    n = len(s)
    y = (r.random(n) < s).astype(float)
    if kind == "perfect":
        y = (s > np.median(s)).astype(float)
    if kind == "reversed":
        y = (s <= np.median(s)).astype(float)
    if kind == "rare":
        y[:] = 0
        y[r.integers(n)] = 1
    if y.min() == y.max():
        y[r.integers(n)] = 1 - y[0]
    return y


def case(seed):
    """Labels and scores are of one kind; parameters are random around the papers'."""
    r = np.random.default_rng(seed)
    kind = KINDS[seed % len(KINDS)]
    n = int([2, 3, 7, 20, 150, 1200][seed // len(KINDS) % 6])
    s = scores(r, n, kind)
    y = labels(r, s, kind)
    clip = np.clip(s, 0.001, 0.999)
    c = {
        "kind": kind, "label": y, "score": clip,
        "churn": {"lifetime": r.uniform(50, 500), "incentive": r.uniform(0, 40), "contact": r.uniform(0, 5), "alpha": r.uniform(1, 12), "beta": r.uniform(1, 20)},
        "accept": r.random(), "lost": r.random(), "share": float(r.choice([0.1, 0.25, 0.5])),
        "credit": {"noloss": r.uniform(0, 0.6), "fullloss": r.uniform(0, 0.3), "return": r.uniform(0.02, 0.6)},
        "lead": {"contribution": r.uniform(500, 9000), "contact": r.uniform(10, 900), "sales": r.uniform(0, 800), "direct": r.random(), "commission": r.uniform(0, 0.4)},
        "gamma": {"shape": r.uniform(1, 15), "scale": r.uniform(50, 900)},
        "business": {"incentive": r.uniform(0.01, 0.2), "contact": r.uniform(0, 20), "accept": 0.0},
        "lifetime": r.gamma(2, 90, n),
        "thresholds": [0.05, 0.2, 0.35, 0.5, 0.8], "prevalence": r.uniform(0.05, 0.6),
        "treated": r.random(n) < 0.5,
    }
    a, b = r.uniform(1, 12), r.uniform(1, 20)
    c["business"]["accept"] = a / (a + b)
    c["business law"] = (a, b)
    # Reasonable costs: right decisions cost less than wrong ones.
    low = r.uniform(0, 1, (2, n)) * r.integers(0, 2)
    c["costs"] = {"TP": low[0], "TN": low[1], "FN": low[0] + r.gamma(2, 3, n), "FP": low[1] + r.gamma(2, 1, n)}
    return c


def real():
    """Out-of-fold chances of a logistic regression on the sets with money."""
    from sklearn.compose import make_column_selector, make_column_transformer
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import StratifiedKFold, cross_val_predict
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler
    out = []
    for k, name in enumerate(["credit-g", "tv-churn", "bank-costs"]):
        frame, target, positive, money = sets.SETS[name]()
        x = frame.drop(columns=[target] + sets.HIDDEN.get(name, []))
        numbers = make_column_selector(dtype_include="number")
        for col in numbers(x):
            x[col] = x[col].fillna(x[col].median())
        x = x.assign(**{col: x[col].astype(str) for col in x.columns if col not in numbers(x)})
        y = (frame[target] == positive).to_numpy(float)
        flow = make_pipeline(make_column_transformer((StandardScaler(), numbers), (OneHotEncoder(handle_unknown="ignore"), make_column_selector(dtype_exclude="number"))), LogisticRegression(max_iter=2000))
        p = cross_val_predict(flow, x, y, cv=StratifiedKFold(5, shuffle=True, random_state=0), method="predict_proba")[:, 1]
        c = case(1000 + 6 * k)
        r = np.random.default_rng(k)
        fp, fn, tp, tn = money
        c |= {"kind": name, "label": y, "score": p, "lifetime": r.gamma(2, 90, len(y)), "treated": r.random(len(y)) < 0.5,
              "costs": {"TP": tp, "TN": tn, "FN": fn, "FP": fp}}
        out.append(c)
    return out


def plain(v):
    if isinstance(v, np.ndarray):
        return v.tolist()
    if isinstance(v, dict):
        return {k: plain(x) for k, x in v.items()}
    return v


def ours(binary, cases, repeats=1):
    text = "\n".join(json.dumps(plain({k: v for k, v in c.items() if " " not in k})) for c in cases)
    done = subprocess.run([binary, "-repeats", str(repeats)], input=text, text=True, capture_output=True, check=True, env={**os.environ, "GOMAXPROCS": "1"})
    return [json.loads(line) for line in done.stdout.splitlines()]


# ---- the peers, one function per measure: case -> numbers to compare

def rated(metric, y, s, **k):
    return [metric(y, s, **k), metric.optimal_rate(y, s, **k)]


def empulse(c):
    y, s, k = c["label"], c["score"], c["costs"]
    ch, cr, le, bu = c["churn"], c["credit"], c["lead"], c["business"]
    offer = dict(clv=ch["lifetime"], incentive_cost=ch["incentive"], contact_cost=ch["contact"])
    lead = dict(contact_cost=le["contact"], sales_cost=le["sales"], direct_selling=le["direct"], commission=le["commission"])
    law = dict(zip(("alpha", "beta"), c["business law"]))
    per = dict(tp_cost=k["TP"], fp_cost=k["FP"], fn_cost=k["FN"], tn_cost=k["TN"])
    retain = dict(clv=c["lifetime"], incentive_fraction=bu["incentive"], contact_cost=bu["contact"])
    roi = cr["return"]
    return {
        "EMPC": lambda: rated(em.empc_score, y, s, alpha=ch["alpha"], beta=ch["beta"], **offer),
        "MPC": lambda: rated(em.mpc_score, y, s, accept_rate=c["accept"], **offer),
        "EMPCS": lambda: rated(em.empcs_score, y, s, success_rate=cr["noloss"], default_rate=cr["fullloss"], roi=roi),
        "MPCS": lambda: rated(em.mpcs_score, y, s, loan_lost_rate=c["lost"], roi=roi),
        "MPA": lambda: rated(em.mpa_score, y, s, contribution=le["contribution"], **lead),
        "EMPA": lambda: rated(em.empa_score, y, s, alpha=c["gamma"]["shape"], beta=c["gamma"]["scale"], **lead),
        "EMPB": lambda: rated(em.empb_score, y, s, **retain, **law),
        "AUEPC": lambda: [em.auepc_score(y, s, **retain, **law)],
        "churn loss": lambda: [em.expected_cost_loss_churn(y, s, accept_rate=bu["accept"], **retain)],
        "lift": lambda: [em.lift_score(y, s, fraction=c["share"])],
        "expected cost": lambda: [em.expected_cost_loss(y, s, **per)],
        "log cost": lambda: [em.expected_log_cost_loss(y, s, **per)],
        "expected savings": lambda: [em.expected_savings_score(y, s, **per)],
        "savings over the prior": lambda: [em.expected_savings_score(y, s, baseline="prior", **per)],
        "cost of decisions": lambda: [em.cost_loss(y, s, normalize=True, **per)],
        "savings of decisions": lambda: [em.savings_score(y, s, **per)],
        # Relative to acting on nobody there, absolute here.
        "maximum": lambda: [EMPIRICAL(y, s, tp=k["TP"], fp=k["FP"], fn=k["FN"], tn=k["TN"]) - np.mean(y * k["FN"] + (1 - y) * k["TN"]),
                            EMPIRICAL.optimal_rate(y, s, tp=k["TP"], fp=k["FP"], fn=k["FN"], tn=k["TN"])],
    }


def emppy(c):
    ch, cr = c["churn"], c["credit"]

    def churn():
        o = emp.empChurn(c["score"], c["label"], ch["alpha"], ch["beta"], ch["lifetime"], ch["incentive"], ch["contact"])
        return [o.EMP, o.EMP_fraction]

    def credit():
        o = emp.empCreditScoring(c["score"], c["label"], cr["noloss"], cr["fullloss"], cr["return"])
        return [o.EMPC, o.EMPC_fraction]

    return {"EMPC": churn, "EMPCS": credit}


def decision(c):
    frame = pd.DataFrame({"y": c["label"], "p": c["score"]})

    def column(name, **k):
        d = dcurves.dca(frame, "y", ["p"], thresholds=c["thresholds"], **k)
        return d[d.model == "p"][name].tolist()

    return {
        "net benefit": lambda: column("net_benefit"), "avoided": lambda: column("net_intervention_avoided"),
        "net benefit among": lambda: column("net_benefit", prevalence=c["prevalence"]),
    }


def sklift(c):
    y, s, t = c["label"].astype(int), c["score"], c["treated"].astype(int)

    def curve(f):
        x, v = f(y, s, t)
        return np.interp(np.arange(len(y) + 1), x, v).tolist()

    return {
        "Qini curve": lambda: curve(lift.qini_curve), "uplift curve": lambda: curve(lift.uplift_curve),
        "coefficients": lambda: [lift.qini_auc_score(y, s, t), lift.uplift_auc_score(y, s, t)],
        "top": lambda: [lift.uplift_at_k(y, s, t, "overall", k=c["share"])],
    }


PEERS = {"empulse": empulse, "EMP-PY": emppy}
if dcurves:
    PEERS["dcurves"] = decision
if lift:
    PEERS["scikit-uplift"] = sklift

# The natural size of a measure; a difference is set beside the value, or beside
# a thousandth of this where the value is less.
UNIT = {"EMPC": 100, "MPC": 100, "EMPA": 1000, "MPA": 1000, "EMPB": 100}
# Equal profits at several shares: any of them is right. Lift and top depend on
# the order of rows with equal scores at the peers.
FIRST_ONLY = {"MPC", "MPCS", "MPA", "EMPB", "maximum"}
ORDERED = {"lift", "top"}


def call(f):
    try:
        out = [float(v) for v in f()]
        return out if np.all(np.isfinite(out)) else "not finite"
    except (Exception, SystemExit) as e:  # noqa: BLE001 - what peers raise is what is counted
        return f"{type(e).__name__}: {str(e).splitlines()[0][:70] if str(e) else ''}"


def compare(binary, cases):
    got = ours(binary, cases)
    rows = {}
    for c, g in zip(cases, got):
        for peer, fs in PEERS.items():
            if peer == "dcurves" and c["kind"] not in ("credit-g", "tv-churn", "bank-costs") and c["seed"] >= 150:
                continue  # 0.1 s a case
            for name, f in fs(c).items():
                if name in ORDERED and c["kind"] in ("ties", "equal"):
                    continue
                r = rows.setdefault((name, peer), {"cases": 0, "largest": 0.0, "absolute": 0.0, "where": "", "peer": {}, "ours": {}})
                theirs, us = call(f), g[name]
                if isinstance(theirs, str):
                    r["peer"][theirs] = r["peer"].get(theirs, 0) + 1
                    continue
                if "error" in us:
                    short = us["error"][:60]
                    r["ours"][short] = r["ours"].get(short, 0) + 1
                    continue
                r["cases"] += 1
                for k, (a, b) in enumerate(zip(us["values"], theirs, strict=True)):
                    if k and name in FIRST_ONLY:
                        continue
                    d = abs(a - b)
                    rel = d / max(abs(b), UNIT.get(name, 1) / 1000)
                    r["absolute"] = max(r["absolute"], d)
                    if rel > r["largest"]:
                        r["largest"], r["where"] = rel, f"{c['kind']}, {len(c['label'])} rows, seed {c.get('seed')}: {a!r} / {b!r}"
    return rows


def parity(binary, count):
    cases = [{**case(seed), "seed": seed} for seed in range(count)]
    for title, some in (("random", cases), ("real", real())):
        print(f"\n{title}, {len(some)} cases")
        print("| measure | peer | compared | largest relative difference | no number: peer / ours |\n|---|---|---|---|---|")
        for (name, peer), r in sorted(compare(binary, some).items()):
            print(f"| {name} | {peer} | {r['cases']} | {r['largest']:.1e} | {sum(r['peer'].values())} / {sum(r['ours'].values())} |")
            if r["largest"] > 1e-9:
                print("   largest:", r["where"], file=sys.stderr)
            for who in ("peer", "ours"):
                for text, n in sorted(r[who].items()):
                    print(f"   {name}, {peer}: {who} {n} x {text}", file=sys.stderr)
    print("\nEMPA with 30 digits (mpmath), 60 random cases")
    print("| program | largest relative difference |\n|---|---|")
    exact_acquisition(binary, cases[:60])
    differ(binary)


def exact_acquisition(binary, cases):
    got = ours(binary, cases)
    us = them = 0.0
    for c, g in zip(cases, got):
        want = acquisition(c)
        unit = max(abs(want), 1)
        us = max(us, abs(g["EMPA"]["values"][0] - want) / unit)
        them = max(them, abs(float(empulse(c)["EMPA"]()[0]) - want) / unit)
    print(f"| ours | {us:.1e} |\n| empulse | {them:.1e} |")


def acquisition(c):
    """EMPA from its definition: the integral of the best vertex's profit."""
    mpmath.mp.dps = 30
    y, s, le = c["label"].astype(int), c["score"], c["lead"]
    points, order = [(0, 0)], np.argsort(-s, kind="stable")
    for k, i in enumerate(order):
        last = points[-1] if k and s[order[k - 1]] == s[i] else None
        zero, one = (last or points[-1])
        point = (zero + 1 - y[i], one + y[i])
        if last:
            points[-1] = point
        else:
            points.append(point)
    hull = []
    for p in points:
        while len(hull) > 1 and (hull[-1][0] - hull[-2][0]) * (p[1] - hull[-2][1]) >= (hull[-1][1] - hull[-2][1]) * (p[0] - hull[-2][0]):
            hull.pop()
        hull.append(p)
    m = mpmath.mpf
    keep = m(le["direct"]) + (1 - m(le["direct"])) * (1 - m(le["commission"]))
    spent, contact = m(le["direct"]) * m(le["sales"]) + m(le["contact"]), m(le["contact"])
    shape, scale = m(c["gamma"]["shape"]), m(c["gamma"]["scale"])

    def below(a, x):
        return m(1) if x == mpmath.inf else mpmath.gammainc(a, 0, x / scale, regularized=True)

    total, low = m(0), m(0)
    for k, (zero, one) in enumerate(hull):
        high = mpmath.inf
        if k + 1 < len(hull) and hull[k + 1][1] > one:
            high = (contact * int(hull[k + 1][0] - zero) / int(hull[k + 1][1] - one) + spent) / keep
        if high > low:
            weight = below(shape, high) - below(shape, low)
            mean = shape * scale * (below(shape + 1, high) - below(shape + 1, low))
            total += int(one) * (keep * mean - spent * weight) - contact * int(zero) * weight
            low = high
    return float(total / len(y))


def differ(binary):
    """Cases in which a peer is wrong, or gives something else without saying so."""
    print("\nwhere peers differ")
    y, s = np.array([0.0, 1, 0, 1, 0, 1, 0, 1]), np.array([0.1, 0.2, 0.3, 0.4, 0.5, 0.7, 0.8, 0.9])
    two = np.array([0.0, 1.0])
    for fp, fn, p, right in ((1, -2, 0.6, "leave"), (-1, 0.5, 0.2, "act"), (-1, -2, 0.2, "act"), (-1, -2, 0.6, "leave")):
        cost = em.cost_loss(two, np.array([p, p]), fp_cost=np.array([fp, fp]), fn_cost=np.array([fn, fn]))
        print(f"- empulse cost_loss, FP {fp}, FN {fn}, chance {p}: {'acts' if cost == fp else 'leaves'}; {right} is what costs less in expectation")
    print("- empulse savings_score, TP -10, perfect:", em.savings_score(two, two, tp_cost=-10.0, fp_cost=1.0),
          "; TP -10, nobody acted on:", em.savings_score(two, 0 * two, tp_cost=-10.0, fp_cost=1.0), "(acting on all earns 9)")
    print("- empulse savings_score where the better constant costs 0:", em.savings_score(two, 1 - two, fp_cost=1.0))
    tp = np.array([0, -1, 0, -1, 0, -1, 0, -30.0])
    print("- empulse max_profit_score with costs per row:", em.max_profit_score(y, s, tp_cost=tp, fp_cost=4.0), "; with each row's own:",
          float(EMPIRICAL(y, s, tp=tp, fp=4.0, fn=0.0, tn=0.0)))
    ties = np.array([0.5, 0.5, 0.5, 0.5])
    print("- empulse lift_score of four equal scores, labels 1 0 0 0 and 0 0 0 1:", em.lift_score(np.array([1, 0, 0, 0]), ties, fraction=0.25), em.lift_score(np.array([0, 0, 0, 1]), ties, fraction=0.25))
    print("- EMP-PY, all scores equal:", call(lambda: [emp.empChurn(np.full(8, 0.5), y).EMP]), "; ours and empulse:", round(em.empc_score(y, np.full(8, 0.5)), 6))
    if dcurves:
        frame = pd.DataFrame({"y": [0, 1, 0, 1], "p": [0.0, 0.6, 0.2, 0.9]})
        d = dcurves.dca(frame, "y", ["p"], thresholds=[0.0])
        print("- dcurves at the threshold 0 with a chance of 0:", d[d.model == "p"][["net_benefit", "test_pos_rate", "net_intervention_avoided"]].to_numpy().tolist())


# ---- speed

def least(f, repeats=9):
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        f()
        times.append(time.perf_counter() - start)
    return min(times)


def speed(binary):
    r = np.random.default_rng(3)
    for n in (10_000, 1_000_000):
        c = case(0)
        s = r.random(n)
        c |= {"kind": "plain", "label": (r.random(n) < s).astype(float), "score": np.clip(s, 0.001, 0.999), "lifetime": r.gamma(2, 90, n), "treated": r.random(n) < 0.5,
              "costs": {"TP": np.zeros(n), "TN": np.zeros(n), "FN": r.gamma(2, 3, n), "FP": r.gamma(2, 1, n)}}
        us = ours(binary, [c], repeats=9)[0]
        print(f"\n{n} rows\n| measure | ours, ms | peer | peer, ms | ratio |\n|---|---|---|---|---|")
        for peer, fs in PEERS.items():
            for name, f in sorted(fs(c).items()):
                if name in ("savings over the prior",):
                    continue
                if isinstance(call(f), str):
                    continue
                theirs = least(f)
                print(f"| {name} | {us[name]['seconds'] * 1e3:.2f} | {peer} | {theirs * 1e3:.2f} | {theirs / us[name]['seconds']:.1f} |", flush=True)


if __name__ == "__main__":
    what = sys.argv[2]
    if what == "speed":
        speed(sys.argv[1])
    else:
        parity(sys.argv[1], int(sys.argv[3]) if len(sys.argv) > 3 else 720)

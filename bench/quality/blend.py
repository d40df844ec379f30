"""Ways of averaging the trials of a search, for rules.py.

All work on one fold of a study: raw predictions of development rows by models
that did not learn from them, and of test rows by the refitted models.
"""

import numpy as np
from scipy.optimize import minimize


def odds(p):
    p = np.clip(p, 1e-15, 1 - 1e-15)
    return np.log(p) - np.log1p(-p)


def share(z):
    return 1 / (1 + np.exp(-z))


def loss(y, z):
    """Log-loss of log-odds, per row."""
    return np.logaddexp(0, z) - y * z


def fit(x, y, bounds):
    """Logistic regression of y on the columns of x."""
    def objective(w):
        z = x @ w
        return loss(y, z).mean(), x.T @ (share(z) - y) / len(y)
    start = np.array([1.0] * (x.shape[1] - 1) + [0.0]) if x.shape[1] > 1 else np.ones(1)
    return minimize(objective, start, jac=True, bounds=bounds, method="L-BFGS-B").x


def beta(z):
    p = np.clip(share(z), 1e-12, 1 - 1e-12)
    return np.stack([np.log(p), -np.log1p(-p), np.ones_like(z)], 1)


# What each calibration learns from: none, temperature, sigmoid, beta.
METHODS = [
    None,
    (lambda z: z[:, None], [(0, None)]),
    (lambda z: np.stack([z, np.ones_like(z)], 1), [(None, None)] * 2),
    (beta, [(0, None), (0, None), (None, None)]),
]


def calibrated(method, z, y, at):
    """Log-odds `at`, by a calibration learnt from z and y."""
    if method is None:
        return at
    columns, bounds = method
    return columns(at) @ fit(columns(z), y, bounds)


def calibrate(z, y, at):
    """As calibrate.Choose: the simplest within one error of the best."""
    order = np.random.default_rng(0).permutation(len(y))
    order = order[np.argsort(y[order], kind="stable")]
    part = np.empty(len(y), int)
    part[order] = np.arange(len(y)) % 5
    losses = np.empty((len(METHODS), len(y)))
    for i, method in enumerate(METHODS):
        for k in range(5):
            losses[i, part == k] = loss(y[part == k], calibrated(method, z[part != k], y[part != k], z[part == k]))
    best = losses.mean(1).argmin()
    for i in range(best + 1):
        d = losses[i] - losses[best]
        if d.mean() <= d.std(ddof=1) / np.sqrt(len(y)):
            return share(calibrated(METHODS[i], z, y, at))
    return share(calibrated(METHODS[best], z, y, at))


def mean(f, pool, weights, of_odds=True):
    """The weighted mean of trials, calibrated again."""
    weights = np.array(weights) / np.sum(weights)
    raw, becomes = f.raw[pool], f.becomes_raw[pool]
    if of_odds:
        return calibrate(weights @ odds(raw), f.y, weights @ odds(becomes))
    return calibrate(odds(weights @ raw), f.y, odds(weights @ becomes))


def greedy(f, pool, draws, again=True, of_odds=True):
    """Greedy selection from the pool, whose first is the best single trial; with
    `again` a trial may be drawn several times."""
    pool = np.asarray(pool)[:20]
    z = odds(f.raw[pool]) if of_odds else f.raw[pool]
    counts, least, best = np.zeros(len(pool)), np.inf, None
    drawn = 0
    for n in range(1, draws + 1):
        counts[drawn] += 1
        total = counts @ z
        now = loss(f.y, total / n if of_odds else odds(total / n)).mean()
        if now < least:
            least, best = now, counts.copy()
        left = [i for i in range(len(pool)) if again or counts[i] == 0]
        if not left:
            break
        drawn = min(left, key=lambda i: loss(f.y, (total + z[i]) / (n + 1) if of_odds else odds((total + z[i]) / (n + 1))).mean())
    return mean(f, pool, best, of_odds)

"""Writes peers.json: what scikit-learn 1.9.1 makes of small texts.

Run it with a Python that has scikit-learn: python peers.py > peers.json
"""

import json

import numpy as np
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import TfidfVectorizer

rng = np.random.default_rng(11)
themes = [
    "red green blue paint wall".split(),
    "Loan bank rate CREDIT interest".split(),
    "naïve café Grüße".split() + ["東京", "京都"],
]


def text():
    theme = themes[rng.choice(3, p=[0.55, 0.3, 0.15])]
    words = [theme[rng.integers(len(theme))] if rng.random() < 0.85 else rng.choice(["and", "the"]) for _ in range(rng.integers(2, 7))]
    return rng.choice([" ", "  "]).join(words)


train = [text() for _ in range(90)] + [""]
fresh = [text() for _ in range(8)] + ["", "nothing of it", "red\t\t green", "GREEN"]

# The rule for words of the Go side: letters and digits, each ideograph alone.
word = r"(?u)[\u4e00-\u9fff]|(?:(?![\u4e00-\u9fff])[^\W_])+"
cases = []
for of, options in {
    "words": {"ngram_range": (1, 2), "token_pattern": word},
    "characters": {"analyzer": "char", "ngram_range": (2, 3)},
}.items():
    v = TfidfVectorizer(min_df=2, **options)
    x = v.fit_transform(train)
    z = v.transform(fresh)
    svd = TruncatedSVD(n_components=4, algorithm="arpack").fit(x)
    quick = TruncatedSVD(n_components=4, algorithm="randomized", n_iter=40, random_state=1).fit(x)
    assert np.abs(np.abs(quick.components_) - np.abs(svd.components_)).max() < 1e-9
    cases.append(
        {
            "of": of,
            "terms": v.get_feature_names_out().tolist(),
            "weights": v.idf_.tolist(),
            "fresh": z.toarray().tolist(),
            "values": svd.singular_values_.tolist(),
            "topics": svd.components_.tolist(),
            "fresh_topics": svd.transform(z).tolist(),
        }
    )
print(json.dumps({"train": train, "fresh": fresh, "cases": cases}, ensure_ascii=False))

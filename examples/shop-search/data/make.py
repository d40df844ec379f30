"""Makes shop-search.csv: searches in an invented shop, the offers that were found
for each, and how relevant a person found them. Nothing in it is from a real shop.

    python make.py > shop-search.csv
"""

import math
import random

SEARCHES = 320
COLUMNS = "search,text_match,category,price_ratio,rating,reviews,delivery_days,age_days,in_stock,relevance".split(",")


def offer(r, taste):
    """An offer for a search, and how much somebody who searches likes it."""
    match = round(min(1, max(0, r.gauss(0.55, 0.25))), 3)
    category = r.choices(["same", "near", "other"], [0.6, 0.25, 0.15])[0]
    price = round(math.exp(r.gauss(0, 0.45)), 3)
    reviews = int(math.exp(r.gauss(2.5, 1.4)))
    rating = round(min(5, max(1, r.gauss(4.0, 0.6))), 1) if reviews else ""
    delivery = r.choices([1, 2, 3, 5, 8, 14], [20, 25, 25, 15, 10, 5])[0]
    age = int(r.expovariate(1 / 300))
    stock = "yes" if r.random() < 0.85 else "no"
    # What is not what was looked for, or can not be had, is not liked for its price.
    liking = 2.4 * min(match, 0.7) - {"same": 0.0, "near": 0.5, "other": 1.6}[category]
    if category != "other" and match > 0.3 and stock == "yes":
        liking += 0.5 - taste["price"] * abs(math.log(price / 0.8))  # too cheap is suspect
        if rating != "":  # a rating counts as far as many have given it
            liking += 1.5 * (rating - 4.0) * min(1.0, reviews / 25)
    liking -= 0.8 if delivery > 5 else 0.0
    return [match, category, price, rating, reviews, delivery, age, stock], liking + r.gauss(0, 0.6)


def main():
    r = random.Random(20)
    print(",".join(COLUMNS))
    for s in range(SEARCHES):
        # People differ in what they find dear, and in how easily they are pleased:
        # what is relevant in one search would not be in another.
        taste = {"price": r.uniform(0.6, 1.8)}
        pleased = r.gauss(0.3, 0.8)
        for _ in range(r.randint(5, 13)):
            cells, liking = offer(r, taste)
            grade = sum(liking + pleased > cut for cut in (0.9, 1.9, 2.9))
            print(",".join(str(c) for c in [f"s{s + 1:03d}"] + cells + [grade]))


if __name__ == "__main__":
    main()

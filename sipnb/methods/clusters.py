"""Clusters of short texts: which words come together again and again, and whether they would in other texts of the kind.

Texts come as words that may be shown, parted by blanks; what order they stood in does not matter. They are weighed by how rare
each word is and taken apart into topics (TF-IDF, non-negative matrix factorisation). Any factorisation finds topics in anything,
so two things are asked first and last. Are there topics at all: dealing the words out anew among the texts, each keeping its
length, says how much structure chance makes, and there are at least as many topics as go beyond it; up to twice as many are
tried, and the number is taken whose stable ones hold most texts. Does a topic come again: texts are drawn anew and taken apart
again, and a cluster counts only where mostly the same texts come together each time.

Equal texts are one text with a count, and where there are very many different ones, topics are learnt from a sample of them.

Sources: Lee and Seung (1999), non-negative matrix factorisation; Boutsidis and Gallopoulos (2008), its start by singular vectors;
Horn (1965) and Buja and Eyuboglu (1992), parallel analysis: how many dimensions are more than chance; Hennig (2007),
"Cluster-wise assessment of cluster stability": Jaccard over resamples, 0.75 and more is stable; Grootendorst (2022), class-based
TF-IDF, by which a cluster is named.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

#: Different texts from which topics are learnt, and words that are looked at: those in most texts.
SAMPLE, VOCABULARY = 2_000, 300
#: From this Jaccard on a cluster is stable (Hennig 2007).
STABLE = 0.75
#: Fewer different texts have no topics, and words in fewer of them tell none.
FEWEST, RARE = 20, 5
#: A text belongs to the topic it is most like, if it is at least so much like it (cosine).
LIKE = 0.2
#: How often words are dealt out anew, and how many standard deviations beyond what that gives is more than chance: the largest
#: of such values has a light tail (Tracy and Widom 1994), and about one in a hundred corpora without topics goes so far.
_SHUFFLES, _BEYOND = 12, 3.0
#: Rounds in which a word that a text was dealt twice is swapped for another one.
_SWAPS = 8
_RESAMPLES = 8
_STEPS = 40
#: Topics are tried until so large a part of the cases is in stable ones: as many as are beyond chance, some more for what all
#: texts share, and where there are not many texts, of which chance hides much, so many times as many.
_ENOUGH, _MORE, _MANY, _TIMES = 0.9, (0, 2), 1_000, (1.5, 2)


@dataclass(frozen=True)
class Clusters:
    """Clusters of texts: `of` has the cluster of each text, from 0, in the order of its index; −1 where it is in none.

    `words` holds for each cluster the weights of its words, the most telling first (they sum to 1); `stability` the mean Jaccard
    of its texts over resamples, `topics` how many topics there were before the unstable ones were left out.
    """

    of: pd.Series
    words: list[dict[str, float]] = field(default_factory=list)
    stability: list[float] = field(default_factory=list)
    topics: int = 0


def clusters(
    texts: pd.Series, *, stable: float = STABLE, most: int = 24, named_by: int = 12, seed: int = 0
) -> Clusters:
    """The stable clusters of `texts`, the largest first.

    `texts`: words parted by blanks, one text a case; missing and empty ones are in no cluster. At most `most` topics are looked
    for; each cluster keeps its `named_by` most telling words. Same texts, in any order, and seed: same clusters. No cluster is
    the answer where fewer than `FEWEST` different texts are there, or where the words come together as by chance: in corpora
    without topics no cluster is found in at least 95 %. Raises ValueError for a `stable` outside 0..1.

        found = clusters(pd.Series(["card declined terminal", "vpn drops", ...]))
        found.words[0]      # {"terminal": 0.31, "card": 0.27, …}
    """
    if not 0 < stable <= 1:
        raise ValueError(f"stable is {stable}; give a Jaccard between 0 and 1, such as 0.75")
    bags = texts.fillna("").map(_bag)
    each = bags[bags != ""].value_counts(sort=False).sort_index()
    nothing = Clusters(pd.Series(-1, index=texts.index))
    counted = _counted(each.index)
    if counted is None:
        return nothing
    present, names = counted
    rng = np.random.default_rng(seed)
    rows = np.sort(rng.permutation(present.shape[0])[:SAMPLE])
    learnt = present[rows]
    learnt = learnt[np.diff(learnt.indptr) > 0]
    least = _topics(learnt, most, rng) if learnt.shape[0] >= FEWEST else 0
    if least < 2:
        return nothing
    counts = each.to_numpy()
    topics, own, jaccard, kept = _most_stable(learnt, present, counts, least, most, stable)
    sizes = {one: int(counts[own == one].sum()) for one in kept}
    kept = sorted(kept, key=lambda one: (-sizes[one], one))
    place = np.full(topics + 1, -1)
    place[kept] = np.arange(len(kept))
    number = pd.Series(place[own], index=each.index)
    return Clusters(
        bags.map(number).fillna(-1).astype(int),
        [_telling(present, counts, own, one, names, named_by) for one in kept],
        [float(jaccard[one]) for one in kept],
        topics,
    )


def _most_stable(learnt, present, counts: np.ndarray, least: int, most: int, stable: float):
    """The number of topics whose stable ones hold most texts; the topic of each text, the stability of each, the stable ones.

    More than `least` are tried as long as many texts are in none of these.
    """
    rarity, found, best = _rarity(learnt), None, -1.0
    tried = [least + more for more in _MORE]
    tried += [round(least * times) for times in (_TIMES if learnt.shape[0] <= _MANY else ())]
    for topics in sorted({min(most, one) for one in tried}):
        rng = np.random.default_rng(topics)
        parts = _factors(_weighed(learnt, rarity), topics)
        jaccard = _stability(learnt, parts, topics, rng)
        own = _like(_weighed(present, rarity), parts)
        kept = [one for one in range(topics) if jaccard[one] >= stable and (own == one).any()]
        held = float(counts[np.isin(own, kept)].sum() / counts.sum())
        if held > best:
            found, best = (topics, own, jaccard, kept), held
        if held >= _ENOUGH:
            break
    return found


def cosine(a: dict[str, float], b: dict[str, float]) -> float:
    """How alike two clusters are by the weights of their words: 1 for the same, 0 where they share none."""
    size = float(np.sqrt(sum(v * v for v in a.values()) * sum(v * v for v in b.values())))
    return sum(weight * b.get(word, 0.0) for word, weight in a.items()) / size if size else 0.0


def _bag(text: str) -> str:
    return " ".join(sorted(set(text.split())))


def _counted(bags):
    """Which words each text has (texts × words, 0 or 1), and the words; None where there are no words."""
    from scipy import sparse

    split = [bag.split() for bag in bags]
    lengths = [len(words) for words in split]
    if not sum(lengths):
        return None
    codes, names = pd.factorize(np.array([word for words in split for word in words], dtype=object), sort=True)
    texts = np.bincount(codes, minlength=len(names))
    top = np.sort(np.lexsort((np.arange(len(names)), -texts))[:VOCABULARY])
    top = top[texts[top] >= RARE]
    starts = np.concatenate(([0], np.cumsum(lengths)))
    whole = sparse.csr_matrix((np.ones(len(codes)), codes, starts), shape=(len(split), len(names)))
    return whole[:, top].tocsr(), names[top]


def _rarity(present) -> np.ndarray:
    """The weight of each word: the rarer, the heavier (smoothed inverse document frequency)."""
    return np.log((1 + present.shape[0]) / (1 + np.bincount(present.indices, minlength=present.shape[1]))) + 1


def _weighed(present, rarity: np.ndarray):
    """TF-IDF of texts, each of length 1."""
    from sklearn.preprocessing import normalize

    weighed = present.copy()
    weighed.data = rarity[weighed.indices]
    return normalize(weighed, copy=False)


def _topics(present, most: int, rng: np.random.Generator) -> int:
    """How many topics there are at least: one more than dimensions larger than words dealt out anew have; 0 where none is."""
    own = _dimensions(present)
    largest = np.array([_dimensions(_dealt(present, rng))[0] for _ in range(_SHUFFLES)])
    beyond = int((own > largest.mean() + _BEYOND * largest.std(ddof=1)).sum())
    return min(most, beyond + 1) if beyond else 0


def _dimensions(present) -> np.ndarray:
    """The eigenvalues of the correlations between words, the largest first."""
    n = present.shape[0]
    share = np.bincount(present.indices, minlength=present.shape[1]) / n
    there = np.flatnonzero((share > 0) & (share < 1))
    both = (present.T @ present).toarray()[np.ix_(there, there)] / n
    spread = np.sqrt(share[there] * (1 - share[there]))
    correlations = (both - np.outer(share[there], share[there])) / np.outer(spread, spread)
    return np.append(np.linalg.eigvalsh(correlations)[::-1], 0.0)


def _dealt(present, rng: np.random.Generator):
    """The same words in as many texts of the same lengths, none twice in one text, but together by chance only."""
    words = rng.permutation(present.indices)
    text = np.repeat(np.arange(present.shape[0]), np.diff(present.indptr))
    for _ in range(_SWAPS):
        order = np.lexsort((words, text))
        twice = order[1:][(np.diff(text[order]) == 0) & (np.diff(words[order]) == 0)]
        if not len(twice):
            break
        other = rng.integers(len(words), size=len(twice))
        for here, there in zip(twice, other, strict=True):
            words[here], words[there] = words[there], words[here]
    dealt = present.copy()
    dealt.indices, dealt.has_canonical_format = words, False
    dealt.sum_duplicates()
    dealt.data[:] = 1
    return dealt


def _factors(weighed, topics: int) -> np.ndarray:
    """The topics (topics × words), each of length 1."""
    from sklearn.decomposition import NMF
    from sklearn.exceptions import ConvergenceWarning

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # so many steps are enough to tell texts apart
        model = NMF(topics, init="nndsvda", random_state=0, max_iter=_STEPS, tol=1e-3).fit(weighed)
    parts = model.components_
    return parts / np.maximum(np.linalg.norm(parts, axis=1, keepdims=True), 1e-12)


def _like(weighed, parts: np.ndarray) -> np.ndarray:
    """The topic that each text is most like; −1 where it is like none."""
    alike = weighed @ parts.T
    best = alike.argmax(axis=1)
    return np.where(alike[np.arange(len(best)), best] >= LIKE, best, -1)


def _stability(present, parts: np.ndarray, topics: int, rng: np.random.Generator) -> np.ndarray:
    """For each topic, the mean over resamples of how far its texts are those of one topic there (Jaccard)."""
    own = _like(_weighed(present, _rarity(present)), parts)
    found = np.zeros((_RESAMPLES, topics))
    for draw in range(_RESAMPLES):
        drawn = np.unique(rng.integers(present.shape[0], size=present.shape[0]))
        texts = present[drawn]
        weighed = _weighed(texts, _rarity(texts))
        again = _like(weighed, _factors(weighed, topics))
        found[draw] = _jaccard(own[drawn], again, topics)
    return found.mean(axis=0)


def _jaccard(own: np.ndarray, again: np.ndarray, topics: int) -> np.ndarray:
    both = np.zeros((topics + 1, topics + 1))
    np.add.at(both, (own, again), 1)  # −1 is the last
    either = both.sum(axis=1)[:topics, None] + both.sum(axis=0)[None, :topics] - both[:topics, :topics]
    return (both[:topics, :topics] / np.maximum(either, 1)).max(axis=1)


def _telling(present, counts: np.ndarray, own: np.ndarray, one: int, names, most: int) -> dict[str, float]:
    """The words that tell a cluster from all others: how often each is in it, weighed by how rare it is in all."""
    inside = np.asarray(present[own == one].T @ counts[own == one]).ravel()
    every = np.asarray(present.T @ counts).ravel()
    average = every.sum() / max(len(np.unique(own[own >= 0])), 1)
    weight = inside / max(inside.sum(), 1) * np.log1p(average / np.maximum(every, 1))
    top = [at for at in np.lexsort((np.arange(len(names)), -weight))[:most] if weight[at] > 0]
    total = weight[top].sum()
    return {str(names[at]): float(weight[at] / total) for at in top}

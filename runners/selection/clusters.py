"""Two samplers that look for clusters first: SemDeDup and prototypes. K-means is scikit-learn's.

[1] Abbas et al., SemDeDup: Data-Efficient Learning at Web-Scale through Semantic Deduplication, arXiv:2303.09540.
[2] Sorscher et al., Beyond Neural Scaling Laws, NeurIPS 2022: prototypes.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def cluster(x_ND: NDArray[np.float32], clusters: int, seed: int) -> tuple[NDArray[np.int64], Array]:
    """Each document's cluster, and the clusters' centres, of length 1."""
    from sklearn.cluster import KMeans

    count = min(clusters, len(x_ND))
    found = KMeans(count, n_init=1, random_state=seed).fit(x_ND)
    centres = found.cluster_centers_.astype(np.float64)
    return found.labels_.astype(np.int64), centres / np.linalg.norm(centres, axis=1, keepdims=True).clip(1e-12)


def semdedup(x_ND: NDArray[np.float32], clusters: int, seed: int) -> Array:
    """1 - the largest cosine to a document of the same cluster that comes before it   [1] Sec. 3.

    Within a cluster the documents farthest from its centre come first, as [1] keeps them; the first one scores 2.
    """
    labels, centres = cluster(x_ND, clusters, seed)
    score_N = np.empty(len(x_ND))
    for number, centre in enumerate(centres):
        own = np.flatnonzero(labels == number)
        own = own[np.argsort(x_ND[own] @ centre, kind="stable")]
        score_N[own] = _novelty(x_ND[own])
    return score_N


def _novelty(x_ND: NDArray[np.float32], together: int = 1024) -> Array:
    """1 - the largest cosine to an earlier row, in blocks of rows: memory grows with a cluster, not with its square."""
    score_N = np.full(len(x_ND), 2.0)
    for start in range(0, len(x_ND), together):
        block = x_ND[start : start + together]
        cosine = (block @ x_ND[: start + len(block)].T).astype(np.float64)
        rows = np.arange(len(block))[:, None]
        cosine[np.arange(cosine.shape[1]) >= rows + start] = -1.0
        if cosine.shape[1]:
            score_N[start : start + len(block)] = 1 - cosine.max(1)
    return score_N


def prototypes(x_ND: NDArray[np.float32], clusters: int, seed: int) -> Array:
    """Distance to the centre of its cluster: what is least like a prototype is kept   [2]."""
    labels, centres = cluster(x_ND, clusters, seed)
    return 1 - np.einsum("nd,nd->n", x_ND.astype(np.float64), centres[labels])

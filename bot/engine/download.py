"""Fetching a model file from the Hugging Face Hub."""

from __future__ import annotations

import glob
import hashlib
import importlib
import logging
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from bot.errors import SettingsError, StartupError

log = logging.getLogger(__name__)

_SCHEME = "hf:"
_TAKES = "MODEL_FILE: takes the path of a GGUF file, or hf:owner/repository/file.gguf"

_NOT_YOU = (401, 403)

# Left free beside the model: a full disk stops Redis and the logs as well.
_RESERVE = 256 * 2**20


@dataclass(frozen=True, slots=True)
class HubFile:
    """One file of a model repository."""

    repository: str
    file: str


def parse(model_file: str) -> HubFile | None:
    """Read `hf:owner/repository/file.gguf`; None if it is a path, `SettingsError` if malformed."""
    if not model_file.startswith(_SCHEME):
        return None
    parts = PurePosixPath(model_file.removeprefix(_SCHEME)).parts
    if len(parts) < 3 or ".." in parts or "/" in parts or not parts[-1].endswith(".gguf"):
        raise SettingsError(f"{_TAKES}, not {model_file!r}")
    return HubFile("/".join(parts[:2]), "/".join(parts[2:]))


def fetch(wanted: HubFile, folder: Path, *, endpoint: str | None = None) -> Path:
    """Return the file's place under `folder`, downloading it first if it is not there. Blocks.

    A broken download goes on where it stopped, also after a restart. What stands in the way
    (no network, no such file, a full disk) is a `StartupError`. `endpoint` is another Hub's URL.
    """
    home = folder / wanted.repository.replace("/", "--")
    target = home / wanted.file
    if target.is_file():
        return target
    url = _hub().hf_hub_url(wanted.repository, wanted.file, endpoint=endpoint)
    with _Explained(wanted):
        found = _hub().get_hf_file_metadata(url, endpoint=endpoint, timeout=10)
        target.parent.mkdir(parents=True, exist_ok=True)
        # Two processes may share the folder: the other one then finds what the first has fetched.
        with _hub(".utils").WeakFileLock(f"{target}.lock"):
            if not target.is_file():
                part = _begun(target, found.etag, found.size)
                _check_room(part, found.size)
                size = _gigabytes(found.size)
                log.info("downloading %s of %s (%s)", wanted.file, wanted.repository, size)
                _download(url, part, found.size, wanted.file)
                part.replace(target)
    return target


def gguf_files(repository: str, *, endpoint: str | None = None) -> list[str]:
    """The GGUF files of a model repository, sorted. Blocks; what fails is a `StartupError`."""
    with _Explained(HubFile(repository, "*.gguf")):
        # Not `list_repo_files`, which tries an unreachable Hub for half a minute.
        found = _hub().HfApi(endpoint=endpoint).model_info(repository, timeout=10)
    names: list[str] = [file.rfilename for file in found.siblings or ()]
    return sorted(name for name in names if name.endswith(".gguf"))


def _begun(target: Path, etag: str | None, size: int | None) -> Path:
    """Where this very file is gathered until it is whole; what is there of another one goes."""
    mark = hashlib.blake2s((etag or "").encode(), digest_size=8).hexdigest()
    part = target.with_name(f"{target.name}.{mark}.incomplete")
    for begun in target.parent.glob(f"{glob.escape(target.name)}.*.incomplete"):
        if begun != part or etag is None or begun.stat().st_size > (size or 0):
            begun.unlink()
    return part


def _download(url: str, part: Path, size: int | None, name: str) -> None:
    from tqdm import tqdm

    class Steps(tqdm):  # pyright: ignore[reportMissingTypeArgument, reportUntypedBaseClass]
        """A progress bar for logs: one plain line for every tenth of the file."""

        told = 0

        def display(self, msg: str | None = None, pos: int | None = None) -> None:
            tenths = int(10 * self.n / self.total) if self.total else 0
            if tenths > self.told:
                self.told = tenths
                log.info("downloading %s: %d %%", name, 10 * tenths)

    # Not `hf_hub_download`, which begins anew in each process and leaves its pieces behind.
    with part.open("ab") as file:
        _hub(".file_download").http_get(
            url,
            file,
            resume_size=file.tell(),
            headers=_hub(".utils").build_hf_headers(),
            expected_size=size,
            displayed_filename=name,
            tqdm_class=None if sys.stderr.isatty() else Steps,
        )


def _hub(part: str = "") -> Any:
    # Its signatures are only partly typed.
    return importlib.import_module("huggingface_hub" + part)


def _check_room(part: Path, size: int | None) -> None:
    if size is not None and size > _hub(".constants").MAX_HTTP_DOWNLOAD_SIZE:
        raise StartupError(
            f"MODEL_FILE: {_gigabytes(size)} are more than the Hub gives out this way; fetch the "
            "file with `hf download`, and give its path"
        )
    home = part.parent
    free = shutil.disk_usage(home).free
    begun = part.stat().st_size if part.is_file() else 0
    needed = (size or 0) - begun + _RESERVE
    if needed > free:
        raise StartupError(
            f"MODEL_FILE: the model needs {_gigabytes(needed)}, but there are only "
            f"{_gigabytes(free)} free at {home}; free some, or set DATA_DIR to another disk"
        )


class _Explained:
    """Turns what the Hub's client raises into a sentence for the operator."""

    def __init__(self, wanted: HubFile) -> None:
        self._wanted = wanted

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        import httpx2
        from huggingface_hub import errors

        if error is None:
            return
        file, repository = self._wanted.file, self._wanted.repository
        if isinstance(error, errors.GatedRepoError):
            sentence = f"{repository} wants its terms accepted on huggingface.co, and HF_TOKEN set"
        elif isinstance(error, errors.RepositoryNotFoundError):
            sentence = f"there is no model repository {repository} (or it is private: set HF_TOKEN)"
        elif isinstance(error, errors.EntryNotFoundError) and not isinstance(
            error, errors.LocalEntryNotFoundError
        ):
            sentence = f"{repository} has no file {file}"
        elif isinstance(error, errors.HfHubHTTPError):
            code = error.response.status_code
            advice = "check HF_TOKEN" if code in _NOT_YOU else "try again later"
            sentence = f"the Hugging Face Hub answers HTTP {code} for {file}; {advice}"
        elif isinstance(
            error, (errors.LocalEntryNotFoundError, errors.OfflineModeIsEnabled, httpx2.HTTPError)
        ):
            sentence = (
                f"cannot reach the Hugging Face Hub to download {file}; go online (and unset "
                f"HF_HUB_OFFLINE), or put the file somewhere and give its path"
            )
        elif isinstance(error, OSError):
            sentence = f"cannot store {file}: {error}"
        else:
            return
        raise StartupError(f"MODEL_FILE: {sentence}") from error


def _gigabytes(size: int | None) -> str:
    return "unknown size" if size is None else f"{size / 1e9:.2f} GB"

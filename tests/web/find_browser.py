"""Find a Chromium for the tests of the playground, and install Debian's where that is possible.

Plain Python, since `make test` runs it before anything else:

    python tests/web/find_browser.py            print the browser's path, or say what to install
    python tests/web/find_browser.py --install  install Debian's package first if there is none

`TEST_BROWSER=/path/to/chrome` chooses one. Tests take the path from `find_browser()`.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

# The names under which Chromium and its kin are found on a PATH, the plainest first.
NAMES = (
    "chromium",
    "chromium-browser",
    "google-chrome-stable",
    "google-chrome",
    "chrome",
    "microsoft-edge-stable",
    "microsoft-edge",
    "msedge",
)
# macOS and Windows (under WSL too) keep applications off the PATH.
PLACES = (
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
    "~/Applications/Chromium.app/Contents/MacOS/Chromium",
    "~/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "C:/Program Files/Google/Chrome/Application/chrome.exe",
    "C:/Program Files (x86)/Microsoft/Edge/Application/msedge.exe",
)
ADVICE = (
    "the playground's tests need Chromium, Chrome or Edge: install one "
    "(Debian: apt install chromium; macOS: brew install --cask chromium) "
    "or set TEST_BROWSER=/path/to/chrome"
)


def find_browser() -> str:
    """Return the path of a Chromium-like browser; without one, `LookupError` says what to do."""
    chosen = os.environ.get("TEST_BROWSER")
    if chosen:
        path = shutil.which(chosen)
        if path is None:
            raise LookupError(f"TEST_BROWSER={chosen} is not a program")
        return path
    for name in NAMES:
        if path := shutil.which(name):
            return path
    for place in PLACES:
        path = Path(place).expanduser()
        if path.is_file():
            return str(path)
    raise LookupError(ADVICE)


def install() -> bool:
    """Install Debian's chromium package; False where that is not ours to do."""
    # Ubuntu's package of this name is an empty shell that asks for a snap.
    if not (shutil.which("apt-get") and "ID=debian" in _os_release()):
        return False
    become_root: list[str] = []
    if os.geteuid() != 0:
        become_root = ["sudo", "-n"]
        if (
            not shutil.which("sudo")
            or subprocess.run([*become_root, "true"], check=False).returncode
        ):
            return False
    print("Installing Debian's chromium for the playground's tests (once) ...", file=sys.stderr)
    apt = [*become_root, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-qq"]
    packages = ["--no-install-recommends", "chromium", "fonts-noto-color-emoji"]
    return _works([*apt, "update"]) and _works([*apt, "install", "-y", *packages])


def _works(command: list[str]) -> bool:
    quiet = subprocess.DEVNULL
    return subprocess.run(command, stdin=quiet, stdout=quiet, check=False).returncode == 0


def _os_release() -> list[str]:
    try:
        return Path("/etc/os-release").read_text("utf-8").splitlines()
    except OSError:
        return []


def main() -> int:
    """Run as a command; the exit code says whether there is a browser."""
    try:
        print(find_browser())
    except LookupError as missing:
        if "--install" in sys.argv and not os.environ.get("TEST_BROWSER") and install():
            print(find_browser())
            return 0
        print(f"error: {missing}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

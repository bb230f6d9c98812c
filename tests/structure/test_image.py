"""The Dockerfile's commands, run as they are written, in a clean virtual environment.

The image itself cannot be built here. What it does can: install the lock, start, be asked for its
health. Packages are taken from the environment of the tests, so that no network is needed; pip
still resolves the whole lock and refuses what has no hash.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
import sysconfig
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from tests.structure.tree import ROOT

TEXT = (ROOT / "deploy/Dockerfile").read_text("utf-8").replace("\\\n", " ")
STEPS = [
    (match[1], match[2].strip())
    for line in TEXT.splitlines()
    if (match := re.match(r"\s*([A-Z]+)\s+(.*)", line))
]
# One worker sets the image up for all tests of this file.
pytestmark = pytest.mark.xdist_group("image")
SETTINGS = re.compile(r"^(DISCORD|ENGINE|REDIS|MODEL|DATA|LOG|HTTP|PYTHON)")


ARGUMENTS = dict(words.split("=", 1) for step, words in STEPS if step == "ARG")


def steps(kind: str) -> list[str]:
    """What follows a kind of step, with the arguments of the build as they are by default."""
    found = [words for step, words in STEPS if step == kind]
    return [re.sub(r"\$\{(\w+)\}", lambda match: ARGUMENTS[match[1]], words) for words in found]


def one(kind: str) -> list[str]:
    return json.loads(steps(kind)[-1])


@pytest.fixture(scope="module")
def image(tmp_path_factory):
    """The file system of the image, as far as the bot sees it."""
    root = tmp_path_factory.mktemp("image")
    (root / "build").mkdir()
    (root / "data").mkdir()
    (root / "app").mkdir()
    for source in ("bot", "cogs"):
        (root / "app" / source).symlink_to(ROOT / source)
    (root / "build/requirements.lock").write_bytes((ROOT / "requirements.lock").read_bytes())
    for command in steps("RUN"):
        words = shlex.split(command)
        if words[0] in ("useradd", "apt-get") or "compileall" in words:
            continue  # a Debian of its own, and files that are read-only there
        words = [re.sub(r"^/(opt|build|data)\b", rf"{root}/\1", word) for word in words]
        if words[0] == "python":
            words[0] = sys.executable
        done = subprocess.run(words, capture_output=True, text=True, timeout=300)
        assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
        if words[1:3] == ["-m", "venv"]:
            _lend_packages(root / "opt/venv")
    return root


def _lend_packages(venv):
    version = f"python{sys.version_info[0]}.{sys.version_info[1]}"
    path = venv / "lib" / version / "site-packages" / "lent.pth"
    path.write_text(sysconfig.get_path("purelib"), "utf-8")


def run(image, words, **environ):
    plain = {name: value for name, value in os.environ.items() if not SETTINGS.match(name)}
    plain |= {"PATH": f"{image}/opt/venv/bin:{os.environ['PATH']}"} | environ
    return subprocess.run(
        words, cwd=image / "app", env=plain, capture_output=True, text=True, timeout=60
    )


def test_the_lock_is_all_that_the_bot_needs(image):
    done = run(image, ["python", "-c", "import bot.app, bot.settings"])
    assert done.returncode == 0, done.stderr


def test_what_is_copied_exists():
    for words in steps("COPY"):
        source = words.split()[0]
        assert source.startswith(("--from", "/")) or (ROOT / source).exists(), source


def test_the_context_holds_what_is_copied():
    let_in = (ROOT / ".dockerignore").read_text("utf-8").split()
    for words in steps("COPY"):
        source = words.split()[0]
        assert source.startswith("--from") or f"!{source}" in let_in


def test_the_image_may_have_the_extras_too():
    assert ARGUMENTS == {"LOCK": "requirements.lock"}
    let_in = (ROOT / ".dockerignore").read_text("utf-8").split()
    for lock in ("requirements.lock", "requirements-extras.lock"):
        assert (ROOT / lock).exists()
        assert f"!{lock}" in let_in


def test_the_entry_point_starts_the_bot(image):
    # Without a token it ends at once, and says so in one line.
    done = run(image, [*one("ENTRYPOINT"), *one("CMD")], DATA_DIR=str(image / "data"))
    assert done.returncode == 78, done.stderr
    assert "DISCORD_TOKEN" in done.stderr
    assert "Traceback" not in done.stderr


class _Health(BaseHTTPRequestHandler):
    status = 200

    def do_GET(self):
        self.send_response(self.status if self.path == "/healthz" else 404)
        self.end_headers()

    def log_message(self, *_):
        pass


@pytest.mark.parametrize(("status", "code"), [(200, 0), (503, 1), (None, 1)])
def test_the_health_check_tells_a_healthy_bot_from_a_sick_one(image, status, code):
    server = HTTPServer(("127.0.0.1", 0), type("Health", (_Health,), {"status": status}))
    if status is None:
        server.server_close()
    else:
        threading.Thread(target=server.serve_forever, daemon=True).start()
    words = json.loads(steps("HEALTHCHECK")[0].partition(" CMD ")[2])
    # A proxy in the environment must not come between the check and the bot.
    done = run(
        image,
        words,
        HTTP_PORT=str(server.server_port),
        http_proxy="http://127.0.0.1:9",
        no_proxy="",
    )
    if status is not None:
        server.shutdown()
        server.server_close()
    assert done.returncode == code, done.stderr


def test_the_bot_is_not_root():
    assert steps("USER")[-1] not in ("root", "0")

"""Put uv into `.venv` with nothing but Python: a bare Debian has neither pip nor ensurepip.

Where Python can make a virtual environment with pip, pip installs uv. Elsewhere pip's own wheel, which runs as it is,
is fetched from the package index, checked against its hash, and does the same.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import tempfile
import urllib.parse
import urllib.request
from pathlib import Path

UV = ["--require-hashes", "-r", str(Path(__file__).with_name("uv.txt"))]
PIP = "pip-25.3-py3-none-any.whl"
PIP_SHA256 = "9655943313a94722b7774661c21049070f6bbb0a1516bf02f7c8d5d9201514cd"
INDEX = os.environ.get("PIP_INDEX_URL", "https://pypi.org/simple").rstrip("/")
VENV = Path(".venv")


def main() -> None:
    """Make `.venv` with uv in it, unless it is there."""
    if (VENV / "bin" / "uv").exists():
        return
    made = subprocess.run([sys.executable, "-m", "venv", str(VENV)], capture_output=True, text=True, check=False)
    if made.returncode == 0:
        subprocess.run([VENV / "bin" / "python", "-m", "pip", "install", "--quiet", *UV], check=True)
        return
    subprocess.run([sys.executable, "-m", "venv", "--clear", "--without-pip", str(VENV)], check=True)
    with tempfile.TemporaryDirectory() as folder:
        wheel = fetch_pip(Path(folder))
        subprocess.run([VENV / "bin" / "python", wheel / "pip", "install", "--quiet", *UV], check=True)


def fetch_pip(folder: Path) -> Path:
    """Download pip's wheel into `folder`; its hash must be the one written here."""
    page = f"{INDEX}/pip/"
    request = urllib.request.Request(page, headers={"Accept": "application/vnd.pypi.simple.v1+json"})
    with urllib.request.urlopen(request) as answer:
        files = json.load(answer)["files"]
    [entry] = [file for file in files if file["filename"] == PIP]
    with urllib.request.urlopen(urllib.parse.urljoin(page, entry["url"])) as answer:
        content = answer.read()
    if hashlib.sha256(content).hexdigest() != PIP_SHA256:
        raise SystemExit(f"{PIP} from {INDEX} does not match its known hash")
    wheel = folder / PIP
    wheel.write_bytes(content)
    return wheel


if __name__ == "__main__":
    main()

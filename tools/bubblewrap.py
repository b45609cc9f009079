"""The opt-in sandbox: full Python in a bubblewrap jail, which sees its interpreter, numpy and nothing else.

The jail has its own namespaces (no network, no other process), a read-only root with no place to write, an empty
environment, a user without rights, a filter of system calls, and limits of memory, time, files and processes. Its
clock is painted over (see `tools/inside/clock.py`). A jail lives no longer than the thread that opened it.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from db.errors import BadInput
from tools.blocks import Limits, Sandbox
from tools.child import Child, ChildSandbox
from tools.seccomp import seccomp_filter
from tools.tool import Tool

_HERE = Path(__file__).resolve().parent
_PYTHON = "/python"
_MAIN = "import sys; sys.path += ['/ours', '/packages']; from tools.inside.python import main; main()"
_ENVIRONMENT = {
    "HOME": "/",
    "LC_ALL": "C.UTF-8",
    "LD_LIBRARY_PATH": f"{_PYTHON}/lib",
    "OPENBLAS_NUM_THREADS": "1",
    "PYTHONHASHSEED": "0",
    "TZ": "UTC",
}


def open_bubblewrap(tools: Mapping[str, Tool], as_of: datetime, limits: Limits) -> Sandbox:
    """A session in a jail of its own. Raises BadInput where there is no bubblewrap, or it may not make jails."""
    bwrap = shutil.which("bwrap")
    if bwrap is None:
        raise BadInput("the bubblewrap sandbox needs the program bwrap: install bubblewrap, or use the monty sandbox")
    command = [bwrap, *_jail(), f"{_PYTHON}/bin/python3", "-P", "-s", "-S", "-B", "-c", _MAIN]
    return ChildSandbox(tools, as_of, limits, start=lambda: _start(command))


def _start(command: list[str]) -> Child:
    """A new jail; the filter of system calls goes in through a pipe, as its first option."""
    filter_end, our_end = os.pipe()
    try:
        os.write(our_end, seccomp_filter())
        os.close(our_end)
        process = subprocess.Popen(  # noqa: S603 - bubblewrap with our own options
            [command[0], "--seccomp", str(filter_end), *command[1:]],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={},
            cwd="/",
            pass_fds=[filter_end],
            start_new_session=True,
        )
    finally:
        os.close(filter_end)
    return Child(process)


def _jail() -> list[str]:
    """The options that make the jail."""
    options = ["--unshare-all", "--unshare-user", "--die-with-parent", "--new-session", "--clearenv"]
    options += ["--uid", "65534", "--gid", "65534", "--hostname", "jail", "--cap-drop", "ALL"]
    for name, value in _ENVIRONMENT.items():
        options += ["--setenv", name, value]
    for source, target in _visible():
        options += ["--ro-bind", str(source), target]
    for name in ("site-packages", "dist-packages"):
        if (Path(sysconfig.get_path("stdlib")) / name).is_dir():
            hidden = f"{_stdlib()}/{name}"
            options += ["--tmpfs", hidden, "--remount-ro", hidden]
    options += ["--dev-bind", "/dev/null", "/dev/null"]
    return [*options, "--chdir", "/", "--remount-ro", "/"]


def _visible() -> list[tuple[Path, str]]:
    """What the jail can read, and where: the interpreter, the system's libraries, numpy, and our own runner."""
    places = [(Path(sys.executable).resolve(), f"{_PYTHON}/bin/python3")]
    places.append((Path(sysconfig.get_path("stdlib")), _stdlib()))
    places += [(found, f"{_PYTHON}/lib/{found.name}") for found in Path(sys.base_prefix, "lib").glob("libpython*.so*")]
    places += [(path, str(path)) for path in map(Path, ("/lib", "/lib64", "/usr/lib", "/usr/lib64")) if path.is_dir()]
    numpy = importlib.util.find_spec("numpy")
    if numpy is not None and numpy.origin is not None:
        package = Path(numpy.origin).parent
        bundled = package.with_name("numpy.libs")
        places += [(path, f"/packages/{path.name}") for path in (package, bundled) if path.is_dir()]
    return [*places, (_HERE / "inside", "/ours/tools/inside")]


def _stdlib() -> str:
    return f"{_PYTHON}/{sys.platlibdir}/{Path(sysconfig.get_path('stdlib')).name}"

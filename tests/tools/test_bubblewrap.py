"""The jail for full Python: what the kernel holds back in it, and a protocol that hostile code may speak."""

from __future__ import annotations

import platform
import struct
import time
from pathlib import Path

import pytest

from db.errors import BadInput
from tests.tools.given import descendants, opened
from tests.tools.stakes import need_bwrap
from tools.sandbox import Sandbox
from tools.seccomp import seccomp_filter

pytestmark = pytest.mark.slow

HOST = "host = look_up.__closure__[0].cell_contents\n"


@pytest.fixture(autouse=True)
def _bwrap() -> None:
    need_bwrap()


def refused(sandbox: Sandbox, code: str) -> str:
    """The last line of the error that the code ends with."""
    error = sandbox.run(code).error
    assert error is not None, code
    return error.splitlines()[-1]


def test_only_python_and_its_libraries_are_in_the_jail() -> None:
    with opened("bubblewrap") as sandbox:
        assert sandbox.run("import os\nsorted(os.listdir('/'))").value in (
            "['dev', 'lib', 'lib64', 'ours', 'packages', 'python', 'usr']",
            "['dev', 'lib', 'ours', 'packages', 'python', 'usr']",
        )
        assert sandbox.run("os.listdir('/dev'), os.listdir('/ours/tools')").value == "(['null'], ['inside'])"
        assert sandbox.run("sorted(os.listdir('/usr'))").value in ("['lib']", "['lib', 'lib64']")
        hidden = "[name for name in ('site-packages', 'dist-packages') for name in os.listdir(os.__file__[:-5] + name)]"
        assert "numpy" not in sandbox.run(hidden).text
        assert sandbox.run("sorted(os.environ)").value == (
            "['HOME', 'LC_ALL', 'LD_LIBRARY_PATH', 'OPENBLAS_NUM_THREADS', 'PWD', 'PYTHONHASHSEED', 'TZ']"
        )
        assert sandbox.run("os.getuid() > 0, os.getpid() < 10, os.uname().nodename").value == "(True, True, 'jail')"


def test_nothing_can_be_written_anywhere() -> None:
    code = (
        "import os\nwritten = []\nfor folder, _, _ in os.walk('/'):\n"
        "    if folder.count('/') < 4:\n"
        "        try:\n            os.close(os.open(folder + '/x', os.O_CREAT | os.O_WRONLY)); written.append(folder)\n"
        "        except OSError: pass\n"
        "written"
    )
    with opened("bubblewrap") as sandbox:
        assert sandbox.run(code).value == "[]"
        assert "OSError" in refused(sandbox, "os.chmod('/python/bin/python3', 0o777)")


def test_numpy_works_and_is_as_repeatable_as_the_rest() -> None:
    code = "import numpy as np\nfloat(np.random.default_rng().random()), np.linalg.inv(np.eye(2) * 2).tolist()"
    with opened("bubblewrap") as one, opened("bubblewrap") as other:
        assert one.run(code).value == other.run(code).value != ""
        call = one.run("look_up(np.array([1, 2]), np.int64(2))").calls[0]
        assert call.arguments == {"key": [1, 2], "times": 2}


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("os.fork()", "PermissionError"),
        ("import threading\nthreading.Thread(target=print).start()", "RuntimeError: can't start new thread"),
        ("import socket\nsocket.socket(socket.AF_UNIX)", "PermissionError"),
        ("os.memfd_create('x')", "PermissionError"),
        ("os.setns(0)" if hasattr(__import__("os"), "setns") else "os.chroot('/ours')", "PermissionError"),
        ("os.setuid(0)", "OSError"),
        ("resource.setrlimit(resource.RLIMIT_AS, (-1, -1))", "ValueError: not allowed to raise maximum limit"),
        ("import mmap\nmmap.mmap(-1, 2**30)", "OSError"),
        ("[open('/dev/null') for _ in range(100)]", "OSError: [Errno 24] Too many open files: '/dev/null'"),
        ("open('/proc/self/maps')", "FileNotFoundError"),
        ("open('/etc/hostname')", "FileNotFoundError"),
    ],
)
def test_kernel_refuses(code: str, error: str) -> None:
    with opened("bubblewrap") as sandbox:
        assert refused(sandbox, f"import os, resource\n{code}").startswith(error)


def test_system_calls_made_by_hand_are_refused_too() -> None:
    """Through ctypes: processes, namespaces, debugging, shared memory, keys, kernel programs."""
    numbers = (
        {
            "fork": 57,
            "clone": 56,
            "clone3": 435,
            "ptrace": 101,
            "unshare": 272,
            "mount": 165,
            "shmget": 29,
            "keyctl": 250,
        }
        | {"bpf": 321, "userfaultfd": 323, "io_uring_setup": 425, "x32 getpid": 0x40000000 + 39}
        if platform.machine() == "x86_64"
        else {"clone": 220, "clone3": 435, "ptrace": 117, "unshare": 97, "mount": 40, "shmget": 194, "keyctl": 219}
        | {"bpf": 280, "userfaultfd": 282, "io_uring_setup": 425}
    )
    code = (
        "import ctypes\nlibc = ctypes.CDLL(None, use_errno=True)\n"
        f"[name for name, n in {numbers}.items() if libc.syscall(n, 0, 0, 0, 0, 0) != -1 or ctypes.get_errno() != 1]"
    )
    with opened("bubblewrap") as sandbox:
        assert sandbox.run(code).value == "[]"


def test_filter_is_whole_instructions_and_ends_with_allow_and_refuse() -> None:
    program = seccomp_filter()
    steps = list(struct.iter_unpack("=HBBI", program))
    assert [step[3] for step in steps[-2:]] == [0x7FFF0000, 0x00050001]
    assert all(at + 1 + step[1] < len(steps) for at, step in enumerate(steps[:-1])), "no jump leaves the program"


@pytest.mark.parametrize(
    "attack",
    [
        "host._replies.write(b'garbage\\n'); host._replies.flush()",
        "host._replies.write(b'x' * 2**23); host._replies.flush()",
        "host._replies.write(b'[' * 10**6 + b'\\n'); host._replies.flush()",
        'host._replies.write(b\'{"kind": "print", "block": NaN}\\n\'); host._replies.flush()',
        "host._replies.write(b'{\"kind\": ' + b'9' * 10**6 + b'}\\n'); host._replies.flush()",
        "host._replies.write(b'[1]\\n\\n\\xff\\xfe\\n'); host._replies.flush()",
        "host.send('ready')",
        "host.send('become', name='root')",
        "host.send('print', text=1)",
        "host.send('done', value=[1], error=None, dropped='x')",
        "host.send('call', name='look_up', args={}, kwargs=[])",
        "host._block = 'another'; host.send('done', value='fake', error='', dropped=0, spent=False)",
        "host._replies.close()",
        "host._requests.close()",
        "import os\nos.closerange(0, 64)",
        "while True: host.send('print', text='x' * 100000)",
        "host.send('call', name='large', args=['x'], kwargs={})\nwhile True: pass",
        "for i in range(100000): host.send('call', name='large', args=['x'], kwargs={})",
        "while True: host.send('call', name='nothing', args=[], kwargs={})",
    ],
)
def test_hostile_speech_ends_the_process_and_nothing_else(attack: str) -> None:
    with opened("bubblewrap", seconds=0.1, tool_calls=5) as sandbox:
        result = sandbox.run(f"{HOST}{attack}\nwhile True: pass")
        after = [sandbox.run("6 * 7"), sandbox.run("look_up('CHN')['key']")]
    assert result.error is not None and "started afresh" in result.error
    assert result.seconds < 15
    assert len(result.calls) <= 5
    assert len(result.stdout) < 11_000
    assert [found.value for found in after] == ["42", "'CHN'"]


@pytest.mark.parametrize(
    "attack",
    [
        "host.send('done', value='fake', error='', dropped=-10**6, spent=False)",
        "host.done('fake'); host.done('fake'); host.send('call', name='look_up', args=['XXX'], kwargs={})",
        "import signal\nsignal.signal(signal.SIGALRM, lambda *_: host.done('fake'))\n"
        "signal.setitimer(signal.ITIMER_REAL, 0.01)",
        "class D:\n    def __del__(self): host.done('fake'); look_up('XXX')\nD()",
        "host.begin = lambda *a: None",
        "host.done = lambda *a, **k: host.send('done', value='fake', error='', dropped=0, spent=False)",
    ],
)
def test_what_one_block_says_is_never_taken_for_another_block(attack: str) -> None:
    """Code may lie about its own block. The blocks after it, once in a new process, tell the truth."""
    with opened("bubblewrap", seconds=2) as sandbox:
        sandbox.run(f"{HOST}{attack}")
        sandbox.run("sum(range(10**5))")
        sandbox.run("import os\nos.kill(os.getpid(), 9)")
        result = sandbox.run("6 * 7")
    assert (result.value, result.error, result.calls) == ("42", None, ())


def test_stale_answers_are_seen_for_what_they_are() -> None:
    with opened("bubblewrap") as sandbox:
        sandbox.run(f"{HOST}host.done('fake'); host.done('fake')")
        result = sandbox.run("6 * 7")
    assert result.value != "'fake'" and "fake" not in result.text


def test_end_of_a_jail_ends_all_in_it() -> None:
    before = descendants()
    with opened("bubblewrap") as sandbox:
        sandbox.run("x = 1")
        inside = descendants() - before
    assert len(inside) >= 2
    deadline = time.monotonic() + 10
    while any(map(_runs, inside)):
        assert time.monotonic() < deadline


def _runs(process: int) -> bool:
    """Whether a process is there and is more than a record of its end."""
    try:
        return Path(f"/proc/{process}/cmdline").read_bytes() != b""
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_machine_without_a_filter_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "machine", lambda: "riscv64")
    with pytest.raises(BadInput, match="not riscv64: use the monty sandbox"):
        seccomp_filter()

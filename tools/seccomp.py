"""System calls that jailed code may not make, as a filter for the kernel (classic BPF, see seccomp(2)).

What is refused: starting processes or threads, sockets, memory that no limit counts, and kernel interfaces with a
history of escapes. The rest is left to the jail's namespaces, read-only files and resource limits.
"""

from __future__ import annotations

import errno
import platform
import struct

from db.errors import BadInput

_LOAD, _EQUAL, _AT_LEAST, _RETURN = 0x20, 0x15, 0x35, 0x06
_NUMBER_AT, _MACHINE_AT = 0, 4
_ALLOW, _KILL, _ERRNO = 0x7FFF0000, 0x80000000, 0x00050000
_X32 = 0x40000000

_SAME_EVERYWHERE = {
    "pidfd_send_signal": 424,
    "io_uring_setup": 425,
    "io_uring_enter": 426,
    "io_uring_register": 427,
    "open_tree": 428,
    "move_mount": 429,
    "fsopen": 430,
    "fsconfig": 431,
    "fsmount": 432,
    "fspick": 433,
    "pidfd_open": 434,
    "clone3": 435,
    "pidfd_getfd": 438,
    "mount_setattr": 442,
    "memfd_secret": 447,
}
_X86_64 = {
    "shmget": 29,
    "socket": 41,
    "socketpair": 53,
    "clone": 56,
    "fork": 57,
    "vfork": 58,
    "semget": 64,
    "msgget": 68,
    "ptrace": 101,
    "personality": 135,
    "pivot_root": 155,
    "chroot": 161,
    "mount": 165,
    "umount2": 166,
    "mq_open": 240,
    "add_key": 248,
    "request_key": 249,
    "keyctl": 250,
    "unshare": 272,
    "perf_event_open": 298,
    "name_to_handle_at": 303,
    "open_by_handle_at": 304,
    "setns": 308,
    "process_vm_readv": 310,
    "process_vm_writev": 311,
    "kcmp": 312,
    "memfd_create": 319,
    "bpf": 321,
    "userfaultfd": 323,
}
_AARCH64 = {
    "umount2": 39,
    "mount": 40,
    "pivot_root": 41,
    "chroot": 51,
    "personality": 92,
    "unshare": 97,
    "ptrace": 117,
    "mq_open": 180,
    "msgget": 186,
    "semget": 190,
    "shmget": 194,
    "socket": 198,
    "socketpair": 199,
    "add_key": 217,
    "request_key": 218,
    "keyctl": 219,
    "clone": 220,
    "perf_event_open": 241,
    "name_to_handle_at": 264,
    "open_by_handle_at": 265,
    "setns": 268,
    "process_vm_readv": 270,
    "process_vm_writev": 271,
    "kcmp": 272,
    "memfd_create": 279,
    "bpf": 280,
    "userfaultfd": 282,
}
_MACHINES = {"x86_64": (0xC000003E, _X86_64), "aarch64": (0xC00000B7, _AARCH64)}


def seccomp_filter() -> bytes:
    """The filter for this machine, as the kernel takes it. Raises BadInput where there is none for it."""
    machine = platform.machine()
    if machine not in _MACHINES:
        raise BadInput(f"the bubblewrap sandbox knows x86_64 and aarch64, not {machine}: use the monty sandbox")
    signature, own = _MACHINES[machine]
    refused = sorted({*own.values(), *_SAME_EVERYWHERE.values()})
    checks = [_step(_EQUAL, number, yes=len(refused) - at) for at, number in enumerate(refused)]
    return b"".join(
        [
            _step(_LOAD, _MACHINE_AT),
            _step(_EQUAL, signature, yes=1),
            _step(_RETURN, _KILL),
            _step(_LOAD, _NUMBER_AT),
            _step(_AT_LEAST, _X32, yes=len(refused) + 1),
            *checks,
            _step(_RETURN, _ALLOW),
            _step(_RETURN, _ERRNO | errno.EPERM),
        ]
    )


def _step(code: int, value: int, *, yes: int = 0) -> bytes:
    """One instruction; `yes` is how many to skip when a comparison holds."""
    return struct.pack("=HBBI", code, yes, 0, value)

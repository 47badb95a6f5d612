"""A thread that can open no way out: no socket, no other program, whatever the code that it runs is made to do.

The wall behind `egress`: it does not read queries at all. A seccomp filter (Linux, seccomp(2)) makes the kernel refuse
the system calls that would reach out. It holds for the thread that asks for it and the threads that this one starts,
for ever. Taking the descriptors away instead (RLIMIT_NOFILE) would take the store's files away as well: the engine
opens all but the first few only when a query needs them.
"""

import ctypes
import errno
import os
import platform
import struct
from typing import Final

__all__ = ["confine"]

# The kernel's name for each machine (AUDIT_ARCH_…) and its numbers for socket, connect, execve, execveat, ptrace and
# io_uring_setup, which could do the work of the others.
SYSTEM_CALLS: Final = {
    "x86_64": (0xC000003E, (41, 42, 59, 322, 101, 425)),
    "aarch64": (0xC00000B7, (198, 203, 221, 281, 117, 425)),
    "riscv64": (0xC00000F3, (198, 203, 221, 281, 117, 425)),
}

# linux/filter.h, linux/seccomp.h, linux/prctl.h
LOAD_WORD: Final = 0x20
JUMP_EQUAL: Final = 0x15
JUMP_GREATER_EQUAL: Final = 0x35
RETURN: Final = 0x06
OFFSET_NUMBER: Final = 0
OFFSET_ARCHITECTURE: Final = 4
ALLOW: Final = 0x7FFF0000
REFUSE: Final = 0x00050000 | errno.EACCES
PR_SET_SECCOMP: Final = 22
PR_SET_NO_NEW_PRIVS: Final = 38
MODE_FILTER: Final = 2
# On x86_64, numbers from here on are the x32 variants of the same calls.
X32: Final = 0x40000000


class Program(ctypes.Structure):
    """struct sock_fprog"""

    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_char_p))


def confine() -> bool:
    """Confine the calling thread. False where this machine has no such filter; OSError where it was refused."""
    known = SYSTEM_CALLS.get(platform.machine()) if platform.system() == "Linux" else None
    if known is None:
        return False
    code = _filter(*known)
    program = Program(len(code) // 8, code)
    libc = ctypes.CDLL(None, use_errno=True)
    for arguments in ((PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), (PR_SET_SECCOMP, MODE_FILTER, ctypes.byref(program), 0, 0)):
        if libc.prctl(*arguments) != 0:
            number = ctypes.get_errno()
            raise OSError(number, f"the kernel refuses a seccomp filter: {os.strerror(number)}")
    return True


def _filter(architecture: int, refused: tuple[int, ...]) -> bytes:
    """The filter as the kernel reads it: eight bytes an instruction, jumps counted in instructions to skip."""
    steps = [
        (LOAD_WORD, 0, 0, OFFSET_ARCHITECTURE),
        # Another architecture's numbers mean other calls: refuse them all.
        (JUMP_EQUAL, 0, len(refused) + 3, architecture),
        (LOAD_WORD, 0, 0, OFFSET_NUMBER),
        (JUMP_GREATER_EQUAL, len(refused) + 1, 0, X32),
        *((JUMP_EQUAL, len(refused) - place, 0, number) for place, number in enumerate(refused)),
        (RETURN, 0, 0, ALLOW),
        (RETURN, 0, 0, REFUSE),
    ]
    return b"".join(struct.pack("HBBI", *step) for step in steps)

"""The system call filter: the tables of docs/sandbox.md section 6 and their assembly to one BPF program.

Default ALLOW; what is listed answers EPERM, because a kill would turn an honest program's harmless try
into a crash. The calls are found by binary search over intervals of call numbers: the kernel (5.11 and
later) walks the program once per call number when a filter is installed, and a linear list costs each
child that walk. Calls that are always allowed (the hot ones: read, write, mmap, brk, futex) then come
from the kernel's bitmap without running the program at all.

No libseccomp: the program is computed once, and a child only patches its own pid into it.
"""

from __future__ import annotations

import functools
import hashlib
import re
import struct
from dataclasses import dataclass

from farm.errors import SandboxUnavailable

EPERM, ENOSYS = 1, 38
LAST_KNOWN_CALL = 469  # Linux 6.18; newer calls answer ENOSYS until they have been looked at
X32_BIT = 0x40000000
ALLOW, ERRNO, KILL_PROCESS = 0x7FFF0000, 0x00050000, 0x80000000
ARCHITECTURES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
_MACHINES = tuple(ARCHITECTURES)

# name x86-64/aarch64; one number: both; -: absent
DENIED = """
fork 57/-, vfork 58/-, execve 59/221, execveat 322/281, ptrace 101/117, process_vm_readv 310/270,
process_vm_writev 311/271, process_madvise 440, process_mrelease 448, kcmp 312/272, get_robust_list 274/100,
pidfd_open 434, pidfd_getfd 438, pidfd_send_signal 424, rt_sigqueueinfo 129/138, perf_event_open 298/241,
setpgid 109/154, setpriority 141/140, ioprio_set 251/30, sched_setparam 142/118, sched_setscheduler 144/119,
sched_setattr 314/274, sched_setaffinity 203/122, migrate_pages 256/238, move_pages 279/239, mbind 237/235,
set_mempolicy 238/237, set_mempolicy_home_node 450,

socket 41/198, connect 42/203, bind 49/200, listen 50/201, accept 43/202, accept4 288/242, setsockopt 54/208,

mount 165/40, umount2 166/39, pivot_root 155/41, chroot 161/51, unshare 272/97, setns 308/268, move_mount 429,
open_tree 428, open_tree_attr 467, fsopen 430, fsconfig 431, fsmount 432, fspick 433, mount_setattr 442,
statmount 457, listmount 458, swapon 167/224, swapoff 168/225, quotactl 179/60, quotactl_fd 443, acct 163/89,

chmod 90/-, fchmod 91/52, fchmodat 268/53, fchmodat2 452, chown 92/-, fchown 93/55, lchown 94/-, fchownat 260/54,
utime 132/-, utimes 235/-, futimesat 261/-, utimensat 280/88, setxattr 188/5, lsetxattr 189/6, fsetxattr 190/7,
setxattrat 463, removexattr 197/14, lremovexattr 198/15, fremovexattr 199/16, removexattrat 466,
file_setattr 469, truncate 76/45, mknod 133/-, mknodat 259/33, flock 73/32, sync 162/81, syncfs 306/267,
name_to_handle_at 303/264, open_by_handle_at 304/265, fanotify_init 300/262, fanotify_mark 301/263,
inotify_init 253/-, inotify_init1 294/26, inotify_add_watch 254/27, lookup_dcookie 212/18, nfsservctl 180/42,
uselib 134/-, sysfs 139/-, ustat 136/-, vhangup 153/58,

bpf 321/280, userfaultfd 323/282, io_uring_setup 425, io_uring_enter 426, io_uring_register 427, io_setup 206/0,
io_destroy 207/1, io_submit 209/2, io_cancel 210/3, io_getevents 208/4, io_pgetevents 333/292, keyctl 250/219,
add_key 248/217, request_key 249/218, init_module 175/105, finit_module 313/273, delete_module 176/106,
kexec_load 246/104, kexec_file_load 320/294, reboot 169/142, personality 135/92, seccomp 317/277,
landlock_create_ruleset 444, landlock_add_rule 445, landlock_restrict_self 446, lsm_set_self_attr 460,
memfd_create 319/279, memfd_secret 447, remap_file_pages 216/234, vmsplice 278/75, splice 275/76, tee 276/77,
iopl 172/-, ioperm 173/-, modify_ldt 154/-, syslog 103/116, sethostname 170/161, setdomainname 171/162,
settimeofday 164/170, clock_settime 227/112, clock_adjtime 305/266, adjtimex 159/171,

shmget 29/194, shmat 30/196, shmctl 31/195, shmdt 67/197, semget 64/190, semop 65/193, semtimedop 220/192,
semctl 66/191, msgget 68/186, msgsnd 69/189, msgrcv 70/188, msgctl 71/187, mq_open 240/180, mq_unlink 241/181,
mq_timedsend 242/182, mq_timedreceive 243/183, mq_notify 244/184, mq_getsetattr 245/185,

setuid 105/146, setgid 106/144, setreuid 113/145, setregid 114/143, setresuid 117/147, setresgid 119/149,
setgroups 116/159, setfsuid 122/151, setfsgid 123/152, capset 126/91
"""
RULED = """
clone 56/220, clone3 435, kill 62/129, tkill 200/130, tgkill 234/131, rt_tgsigqueueinfo 297/240, prctl 157/167,
prlimit64 302/261, setrlimit 160/164, fcntl 72/25, ioctl 16/29, socketpair 53/199,
close_range 436, getsid 124/156, getpgid 121/155, getpriority 140/141, ioprio_get 252/31, sched_getparam 143/121,
sched_getscheduler 145/120, sched_getattr 315/275, sched_getaffinity 204/123, sched_rr_get_interval 148/127
"""
# CLONE_FS, CLONE_FILES, CLONE_THREAD: a thread with its own descriptor table could hold as many sockets again, and what
# is in their buffers is no resident memory
CLONE_SHARED = 0x200 | 0x400 | 0x10000
PRCTL_ALLOWED = (15, 16, 0x53564D41)  # PR_SET_NAME, PR_GET_NAME, PR_SET_VMA (the allocator names its areas)
# F_SETLK, F_SETLKW, F_SETOWN, F_SETSIG, F_SETOWN_EX, F_OFD_SETLK, F_OFD_SETLKW, F_SETLEASE, F_NOTIFY, F_SETPIPE_SZ
FCNTL_DENIED = (6, 7, 8, 10, 15, 37, 38, 1024, 1026, 1031)
IOCTL_DENIED = (0x5412, 0x541C, 0x5452, 0x8901, 0x8902)  # TIOCSTI, TIOCLINUX, FIOASYNC, FIOSETOWN, SIOCSPGRP
RLIMIT_STACK = 3
AF_UNIX, SOCK_STREAM, SOCK_TYPE_MASK = 1, 1, 0xF

# Classic BPF, linux/filter.h; struct seccomp_data: nr at 0, arch at 4, arguments of 8 bytes from 16
_LOAD, _JEQ, _JGT, _JGE, _JSET, _JUMP, _AND, _RET = 0x20, 0x15, 0x25, 0x35, 0x45, 0x05, 0x54, 0x06
_PID = -1  # stands for the child's pid until it is patched in
Instruction = tuple[int, int, int, int]  # code, jump if true, jump if false, constant


@dataclass(frozen=True, slots=True)
class Filter:
    """An assembled program. `pid_offsets`: where a child writes its pid, 4 bytes little-endian."""

    program: bytes
    pid_offsets: tuple[int, ...]
    digest: str


def calls(table: str, machine: str) -> dict[str, int]:
    """The names and numbers of one table for one architecture."""
    column = _MACHINES.index(machine)
    found = {}
    for name, numbers in re.findall(r"(\w+) ([-\d/]+)", table):
        number = numbers.split("/")[column] if "/" in numbers else numbers
        if number != "-":
            found[name] = int(number)
    return found


@functools.cache
def assemble(machine: str) -> Filter:
    """The filter for `machine` (as `os.uname` names it). Raises SandboxUnavailable for another architecture."""
    if machine not in ARCHITECTURES:
        raise SandboxUnavailable(
            f"no system call filter for {machine}", remedy=f"use a host with {' or '.join(ARCHITECTURES)}"
        )
    rules = {number: [_ret(ERRNO | EPERM)] for number in calls(DENIED, machine).values()}
    rules |= {number: _RULES[name] for name, number in calls(RULED, machine).items()}
    body = _search(_intervals(rules))
    head = [_load(4), (_JEQ, 1, 0, ARCHITECTURES[machine]), _ret(KILL_PROCESS), _load(0)]
    if machine == "x86_64":
        head += [(_JGE, 0, 1, X32_BIT), _ret(ERRNO | EPERM)]
    head += [(_JGT, 0, 1, LAST_KNOWN_CALL), _ret(ERRNO | ENOSYS)]
    code = head + body
    offsets = tuple(8 * i + 4 for i, (_, _, _, k) in enumerate(code) if k == _PID)
    program = b"".join(struct.pack("<HBBI", op, jt, jf, 0 if k == _PID else k) for op, jt, jf, k in code)
    return Filter(program, offsets, hashlib.sha256(program).hexdigest())


def _ret(value: int) -> Instruction:
    return (_RET, 0, 0, value)


def _load(offset: int) -> Instruction:
    return (_LOAD, 0, 0, offset)


def _argument(index: int, *, high: bool = False) -> Instruction:
    """Load 32 bits of an argument. Low ones alone where the kernel takes an int: a set high bit must not hide it."""
    return _load(16 + 8 * index + 4 * high)


def _one_of(index: int, values: tuple[int, ...], then: int, otherwise: int) -> list[Instruction]:
    """Answer `then` if the argument is one of `values`."""
    count = len(values)
    tests = [(_JEQ, count - i, 0, value) for i, value in enumerate(values)]
    return [_argument(index), *tests, _ret(otherwise), _ret(then)]


_DENY = ERRNO | EPERM
_OWN_PID = _one_of(0, (_PID,), ALLOW, _DENY)
_ABOUT_ITSELF = _one_of(0, (0, _PID), ALLOW, _DENY)
_RULES: dict[str, list[Instruction]] = {
    "clone": [
        _argument(0),
        (_AND, 0, 0, CLONE_SHARED),
        (_JEQ, 0, 1, CLONE_SHARED),
        _ret(ALLOW),
        _ret(_DENY),
    ],
    "clone3": [_ret(ERRNO | ENOSYS)],  # its flags are behind a pointer; the C library falls back to clone
    "kill": _OWN_PID,
    "tkill": _OWN_PID,
    "tgkill": _OWN_PID,
    "rt_tgsigqueueinfo": _OWN_PID,
    "prctl": _one_of(0, PRCTL_ALLOWED, ALLOW, _DENY),
    # Reading own limits; setting the stack's does nothing and succeeds (programs ask for an unlimited one)
    "prlimit64": [
        _argument(2),
        (_JEQ, 0, 6, 0),
        _argument(2, high=True),
        (_JEQ, 0, 4, 0),
        _argument(0),
        (_JEQ, 4, 0, 0),
        (_JEQ, 3, 0, _PID),
        _ret(_DENY),
        _argument(1),
        (_JEQ, 1, 2, RLIMIT_STACK),
        _ret(ALLOW),
        _ret(ERRNO),
        _ret(_DENY),
    ],
    "setrlimit": _one_of(0, (RLIMIT_STACK,), ERRNO, _DENY),
    "close_range": _one_of(2, (0,), ALLOW, _DENY),  # CLOSE_RANGE_UNSHARE would make another descriptor table
    **dict.fromkeys(
        (
            "getsid",
            "getpgid",
            "sched_getparam",
            "sched_getscheduler",
            "sched_getattr",
            "sched_getaffinity",
            "sched_rr_get_interval",
        ),
        _ABOUT_ITSELF,
    ),
    "getpriority": _one_of(1, (0, _PID), ALLOW, _DENY),
    "ioprio_get": _one_of(1, (0, _PID), ALLOW, _DENY),
    "fcntl": _one_of(1, FCNTL_DENIED, _DENY, ALLOW),
    "ioctl": _one_of(1, IOCTL_DENIED, _DENY, ALLOW),
    # Streams alone: a datagram socket, although paired, can send to any socket whose path it knows
    "socketpair": [
        _argument(0),
        (_JEQ, 0, 3, AF_UNIX),
        _argument(1),
        (_AND, 0, 0, SOCK_TYPE_MASK),
        (_JEQ, 1, 0, SOCK_STREAM),
        _ret(_DENY),
        _ret(ALLOW),
    ],
}


def _intervals(rules: dict[int, list[Instruction]]) -> list[tuple[int, list[Instruction]]]:
    """(first call number, answer) in order; each answer holds up to the next one."""
    found: list[tuple[int, list[Instruction]]] = []
    for number in range(LAST_KNOWN_CALL + 1):
        answer = rules.get(number, [_ret(ALLOW)])
        if not found or found[-1][1] != answer:
            found.append((number, answer))
    return found


def _search(intervals: list[tuple[int, list[Instruction]]]) -> list[Instruction]:
    """A binary search tree. The accumulator holds the call number; each leaf returns."""
    if len(intervals) == 1:
        return intervals[0][1]
    middle = len(intervals) // 2
    below, above = _search(intervals[:middle]), _search(intervals[middle:])
    first = intervals[middle][0]
    if len(below) <= 255:
        return [(_JGE, len(below), 0, first), *below, *above]
    return [(_JGE, 0, 1, first), (_JUMP, 0, 0, len(below)), *below, *above]  # a conditional jump is 8 bits wide

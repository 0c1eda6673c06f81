# What the runner puts before each hostile program: a way to make raw system calls, and `attempt`, which prints one
# line per attack. It runs inside the sandbox, so it uses the standard library alone. The numbers are the kernel's
# (x86-64, aarch64; `-` where an architecture has no such call).
import ctypes
import errno
import json
import os
import sys

NUMBERS = """
fork 57 - vfork 58 - execve 59 221 execveat 322 281 ptrace 101 117 process_vm_readv 310 270 process_vm_writev 311 271
process_madvise 440 440 process_mrelease 448 448 kcmp 312 272 get_robust_list 274 100 pidfd_open 434 434
pidfd_getfd 438 438 pidfd_send_signal 424 424 rt_sigqueueinfo 129 138 perf_event_open 298 241 setpgid 109 154
setpriority 141 140 ioprio_set 251 30 sched_setparam 142 118 sched_setscheduler 144 119 sched_setattr 314 274
sched_setaffinity 203 122 migrate_pages 256 238 move_pages 279 239 mbind 237 235 set_mempolicy 238 237
set_mempolicy_home_node 450 450
socket 41 198 connect 42 203 bind 49 200 listen 50 201 accept 43 202 accept4 288 242 setsockopt 54 208
mount 165 40 umount2 166 39 pivot_root 155 41 chroot 161 51 unshare 272 97 setns 308 268 move_mount 429 429
open_tree 428 428 open_tree_attr 467 467 fsopen 430 430 fsconfig 431 431 fsmount 432 432 fspick 433 433
mount_setattr 442 442 statmount 457 457 listmount 458 458 swapon 167 224 swapoff 168 225 quotactl 179 60
quotactl_fd 443 443 acct 163 89
chmod 90 - fchmod 91 52 fchmodat 268 53 fchmodat2 452 452 chown 92 - fchown 93 55 lchown 94 - fchownat 260 54
utime 132 - utimes 235 - futimesat 261 - utimensat 280 88 setxattr 188 5 lsetxattr 189 6 fsetxattr 190 7
setxattrat 463 463 removexattr 197 14 lremovexattr 198 15 fremovexattr 199 16 removexattrat 466 466
file_setattr 469 469 truncate 76 45 mknod 133 - mknodat 259 33 flock 73 32 sync 162 81 syncfs 306 267
name_to_handle_at 303 264 open_by_handle_at 304 265 fanotify_init 300 262 fanotify_mark 301 263 inotify_init 253 -
inotify_init1 294 26 inotify_add_watch 254 27 lookup_dcookie 212 18 nfsservctl 180 42 uselib 134 - sysfs 139 -
ustat 136 - vhangup 153 58
bpf 321 280 userfaultfd 323 282 io_uring_setup 425 425 io_uring_enter 426 426 io_uring_register 427 427 io_setup 206 0
io_destroy 207 1 io_submit 209 2 io_cancel 210 3 io_getevents 208 4 io_pgetevents 333 292 keyctl 250 219
add_key 248 217 request_key 249 218 init_module 175 105 finit_module 313 273 delete_module 176 106 kexec_load 246 104
kexec_file_load 320 294 reboot 169 142 personality 135 92 seccomp 317 277 landlock_create_ruleset 444 444
landlock_add_rule 445 445 landlock_restrict_self 446 446 lsm_set_self_attr 460 460 memfd_create 319 279
memfd_secret 447 447 remap_file_pages 216 234 vmsplice 278 75 splice 275 76 tee 276 77 iopl 172 - ioperm 173 -
modify_ldt 154 - syslog 103 116 sethostname 170 161 setdomainname 171 162 settimeofday 164 170 clock_settime 227 112
clock_adjtime 305 266 adjtimex 159 171
shmget 29 194 shmat 30 196 shmctl 31 195 shmdt 67 197 semget 64 190 semop 65 193 semtimedop 220 192 semctl 66 191
msgget 68 186 msgsnd 69 189 msgrcv 70 188 msgctl 71 187 mq_open 240 180 mq_unlink 241 181 mq_timedsend 242 182
mq_timedreceive 243 183 mq_notify 244 184 mq_getsetattr 245 185
setuid 105 146 setgid 106 144 setreuid 113 145 setregid 114 143 setresuid 117 147 setresgid 119 149 setgroups 116 159
setfsuid 122 151 setfsgid 123 152 capset 126 91
"""
# Calls that the filter does not deny outright, for the programs that try their arguments.
OTHERS = """
getpid 39 172 clone 56 220 clone3 435 435 kill 62 129 tkill 200 130 tgkill 234 131 rt_tgsigqueueinfo 297 240
prctl 157 167 prlimit64 302 261 setrlimit 160 164 fcntl 72 25 ioctl 16 29 socketpair 53 199 setsid 112 157
sendfile 40 71 copy_file_range 326 285 mlockall 151 230 rseq 334 293 recvmsg 47 212 fallocate 285 47
close_range 436 436 getsid 124 156 getpgid 121 155 getpriority 140 141 ioprio_get 252 31 sched_getparam 143 121
sched_getscheduler 145 120 sched_getattr 315 275 sched_getaffinity 204 123 sched_rr_get_interval 148 127
"""


def _numbers(text):
    words = text.split()
    column = 1 if os.uname().machine == "x86_64" else 2
    return {words[i]: words[i + column] for i in range(0, len(words), 3)}


DENIED_CALLS = _numbers(NUMBERS)
_CALLS = {**DENIED_CALLS, **_numbers(OTHERS)}
_LIBC = ctypes.CDLL(None, use_errno=True)
_LIBC.syscall.restype = ctypes.c_long

HIDDEN = ("EACCES", "ENOENT", "EPERM")  # what the attempt to see or open something outside may answer
READONLY = (*HIDDEN, "EROFS", "ENOSYS", "ENOTDIR")  # what the attempt to write or create something may answer


def syscall(call, *arguments):
    """Make a system call by name or number; all arguments travel as full registers. OSError like os functions."""
    number = _CALLS[call] if isinstance(call, str) else call
    if number == "-":
        raise OSError(errno.EPERM, "no such call on this architecture")
    registers = [ctypes.c_long(a) if isinstance(a, int) else a for a in arguments]
    registers += [ctypes.c_long(0)] * (6 - len(registers))
    ctypes.set_errno(0)
    result = _LIBC.syscall(ctypes.c_long(int(number)), *registers)
    if result == -1:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return result


def answer_of(call):
    """The errno name that `call` ends with, or ALLOWED and its result."""
    try:
        return f"ALLOWED {call()!r}"
    except OSError as error:
        return errno.errorcode.get(error.errno, repr(error))


def attempt(label, call, *answers):
    """Try one attack and print `label: DENIED`, or what happened instead."""
    answer = answer_of(call)
    print(f"{label}: DENIED" if answer in (answers or ("EPERM",)) else f"{label}: {answer}", flush=True)


def library_file():
    """A descriptor of a file of the library; of the input where the library is not for this uid to read."""
    try:
        return os.open(os.__file__, os.O_RDONLY)
    except OSError:
        return os.dup(0)


def facts():
    """What the runner tells each program: canary file, its folder, a file of the worker's code, the worker's pid."""
    return json.loads(sys.stdin.readline())


# --- the hostile program ---

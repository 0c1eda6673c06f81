#: number = 41
#: denied = "mount, umount, chroot, os.chroot, pivot_root, setns, open_tree, fsopen, fsmount, move_mount, mount_setattr"
text = ctypes.c_char_p
attempt("mount", lambda: syscall("mount", text(b"none"), text(b"/tmp"), text(b"tmpfs"), 0, 0))
attempt("umount", lambda: syscall("umount2", text(b"/farm-no-such"), 0))
attempt("chroot", lambda: syscall("chroot", text(b".")))
attempt("os.chroot", lambda: os.chroot("."))
attempt("pivot_root", lambda: syscall("pivot_root", text(b"."), text(b".")))
attempt("setns", lambda: syscall("setns", 0, 0x20000))
attempt("open_tree", lambda: syscall("open_tree", -100, text(b"."), 1))
attempt("fsopen", lambda: syscall("fsopen", text(b"tmpfs"), 0))
attempt("fsmount", lambda: syscall("fsmount", 0, 0, 0))
attempt("move_mount", lambda: syscall("move_mount", 0, 0, 0, 0, 0))
attempt("mount_setattr", lambda: syscall("mount_setattr", -100, text(b"."), 0, 0, 0))

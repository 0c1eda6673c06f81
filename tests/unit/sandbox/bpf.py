"""An interpreter for classic BPF, enough of it to ask a seccomp program what it answers to a call."""

from __future__ import annotations

import struct
from dataclasses import dataclass

LOAD, AND, JUMP, JEQ, JGT, JGE, JSET, RET = 0x20, 0x54, 0x05, 0x15, 0x25, 0x35, 0x45, 0x06


@dataclass(frozen=True, slots=True)
class Call:
    """struct seccomp_data."""

    number: int
    arch: int
    arguments: tuple[int, ...] = ()

    def packed(self) -> bytes:
        words = (*self.arguments, 0, 0, 0, 0, 0, 0)[:6]
        return struct.pack("<IIQ6Q", self.number, self.arch, 0, *words)


def answer(program: bytes, call: Call) -> tuple[int, int]:
    """(the filter's return value, how many instructions it took)."""
    code = [struct.unpack_from("<HBBI", program, at) for at in range(0, len(program), 8)]
    data = call.packed()
    accumulator, at, steps = 0, 0, 0
    while True:
        operation, if_true, if_false, constant = code[at]
        at, steps = at + 1, steps + 1
        if operation == LOAD:
            (accumulator,) = struct.unpack_from("<I", data, constant)
        elif operation == AND:
            accumulator &= constant
        elif operation == JUMP:
            at += constant
        elif operation == RET:
            return constant, steps
        else:
            tests = {
                JEQ: accumulator == constant,
                JGT: accumulator > constant,
                JGE: accumulator >= constant,
                JSET: bool(accumulator & constant),
            }
            at += if_true if tests[operation] else if_false

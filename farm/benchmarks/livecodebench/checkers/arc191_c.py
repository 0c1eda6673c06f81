"""AtCoder arc191_c, A^n: any A and M such that the order of A modulo M is N."""

from __future__ import annotations

from math import isqrt

from farm.benchmarks.checker import Answer, Wrong

_MOST_N = 10**9


def check(given: str, expected: str, actual: str) -> None:
    _, *cases = map(int, given.split())
    primes = _primes_to(isqrt(_MOST_N))
    answer = Answer(actual)
    for n in cases:
        base, modulus = answer.integers(2, 1, 10**18, "a number")
        one = 1 % modulus
        if pow(base, n, modulus) != one:
            raise Wrong(f"{base} to the power of {n} is not 1 modulo {modulus}")
        for prime in _prime_factors(n, primes):
            if pow(base, n // prime, modulus) == one:
                raise Wrong(f"{n} is not the smallest power of {base} that is 1 modulo {modulus}")
    answer.end()


def _primes_to(limit: int) -> list[int]:
    sieve = bytearray([1]) * (limit + 1)
    sieve[:2] = b"\0\0"
    for number in range(2, isqrt(limit) + 1):
        if sieve[number]:
            sieve[number * number :: number] = bytes(len(range(number * number, limit + 1, number)))
    return [number for number in range(limit + 1) if sieve[number]]


def _prime_factors(n: int, primes: list[int]) -> list[int]:
    found = []
    for prime in primes:
        if prime * prime > n:
            break
        if n % prime == 0:
            found.append(prime)
            while n % prime == 0:
                n //= prime
    return [*found, n] if n > 1 else found

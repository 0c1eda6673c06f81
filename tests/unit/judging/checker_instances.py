"""Small tests of the problems that have a checker, with right answers that are not the expected one, and wrong ones."""

from __future__ import annotations

from typing import NamedTuple


class Instance(NamedTuple):
    """One test of a problem, with answers. Written for these tests, or by the statement itself where it names them."""

    checker: str
    given: str
    expected: str
    right: tuple[str, ...]
    wrong: tuple[str, ...]


PATH_OF_6 = "6\n1 2\n3 4\n5 6\n2 3\n4 5\n"
INSTANCES = (
    Instance(
        "abc311_c",
        "5\n2 3 1 5 4\n",
        "3\n1 2 3\n",
        ("2\n4 5\n", "3 3 1 2", "2\n5 4"),
        ("2\n1 2\n", "3\n1 3 2\n", "4\n4 5 4 5", "1\n1", "3\n1 2", "3\n1 2 3 1", "2\n4 6", "", "-1", "3\n1 2 x"),
    ),
    Instance(
        "abc315_e",
        "5\n2 2 3\n1 4\n1 4\n0\n0\n",
        "4 2 3\n",
        ("4 3 2", "4\n3\n2\n"),
        ("2 3 4", "4 2", "4 2 3 5", "4 2 2", "4 5 3", "", "1 2 3", "4 2 3 1"),
    ),
    Instance(
        "abc326_d",
        "3\nABC\nABC\n",
        "Yes\nABC\nBCA\nCAB\n",
        ("Yes ABC BCA CAB",),
        (
            "No",
            "Yes\nABC\nBAC\nCAB",
            "Yes\nABC\nCAB\nBCA",
            "Yes\nABC\nBCA",
            "Yes\nABC\nBCA\nCABA",
            "yes\nABC\nBCA\nCAB",
            "Yes\nABC\nBCA\nCAX",
            "Maybe",
        ),
    ),
    Instance("abc326_d", "4\nAAAA\nBBBB\n", "No\n", ("No\n\n",), ("Yes\nA...\n....\n....\n....", "No No", "", "NO")),
    Instance("abc327_b", "3125\n", "5\n", ("5\n\n", "05"), ("4", "-1", "", "5 5", "5.0", "９")),
    Instance("abc327_b", "10\n", "-1\n", ("-1",), ("1", "0", "-1 -1", "none")),
    Instance(
        "abc333_e",
        "5\n1 1\n1 2\n1 2\n2 2\n2 1\n",
        "2\n1 0 1\n",
        ("2\n1 1 0\n", "2 1 1 0"),
        ("3\n1 1 1", "2\n0 1 0", "2\n1 0 0", "1\n1 0 1", "2\n1 0", "2\n1 0 1 0", "2\n1 0 2", "-1"),
    ),
    Instance("abc333_e", "1\n2 1\n", "-1\n", ("-1 ",), ("0", "1\n1", "")),
    Instance(
        "abc335_d",
        "3\n",
        "1 2 3\n8 T 4\n7 6 5\n",
        ("7 6 5\n8 T 4\n1 2 3\n", "3 2 1 4 T 8 5 6 7"),
        (
            "1 2 3\n8 4 T\n7 6 5",
            "1 2 3\n8 T 4\n7 5 6",
            "1 2 3\n1 T 4\n7 6 5",
            "1 2 3\n8 T 4\n7 6",
            "1 2 3\n8 T 4\n7 6 5 9",
        ),
    ),
    Instance("abc343_a", "4 4\n", "1\n", ("0", "9", "7\n"), ("8", "10", "-1", "x", "", "1 2")),
    Instance(
        "abc343_e",
        "1029 0 0\n",
        "Yes\n0 0 0 7 0 0 14 0 0\n",
        ("Yes\n-90 1 2 50 0 0 90 0 0", "Yes 0 0 0 0 7 0 0 0 7"),
        (
            "No",
            "Yes\n0 0 0 6 0 0 14 0 0",
            "Yes\n0 0 0 7 0 0 14 0",
            "Yes\n0 0 0 7 0 0 101 0 0",
            "yes 0 0 0 7 0 0 14 0 0",
        ),
    ),
    Instance("abc343_e", "1 1 1\n", "No\n", ("No",), ("Yes\n0 0 0 7 0 0 14 0 0", "")),
    Instance(
        "abc350_c",
        "4\n2 1 4 3\n",
        "2\n1 2\n3 4\n",
        ("2\n3 4\n1 2", "2 3 4 1 2"),
        ("1\n1 2", "2\n1 2\n4 3", "4\n1 2\n1 2\n1 2\n3 4", "2\n1 2\n3 5", "2\n1 2", "2\n1 2\n3 4\n1 2", ""),
    ),
    Instance("abc350_c", "2\n1 2\n", "0\n", ("0",), ("2\n1 2\n1 2",)),
    Instance(
        "abc362_c",
        "2\n-2 3\n-1 5\n",
        "Yes\n-2 2\n",
        ("Yes\n0 0", "Yes 1 -1"),
        ("No", "Yes\n2 -2", "Yes\n1 1", "Yes\n0", "Yes\n0 0 0", "yes\n0 0", "Yes\n0.0 0.0"),
    ),
    Instance("abc362_c", "1\n1 2\n", "No\n", ("No",), ("Yes\n0", "Yes\n1", "No way")),
    Instance(
        "abc366_g",
        "3 3\n1 2\n1 3\n2 3\n",
        "Yes\n4 4 4\n",
        ("Yes\n1 1 1", f"Yes {2**60 - 1} {2**60 - 1} {2**60 - 1}"),
        ("No", "Yes\n1 1 2", "Yes\n0 0 0", f"Yes {2**60} {2**60} {2**60}", "Yes\n1 1", "Yes\n1 1 1 1"),
    ),
    Instance("abc366_g", "2 1\n1 2\n", "No\n", ("No",), ("Yes\n1 1",)),
    Instance("abc373_g", "2\n0 0\n4 0\n0 3\n5 3\n", "1 2\n", ("1\n2\n",), ("2 1", "1 1", "1", "1 2 1", "0 1", "-1")),
    Instance("abc373_g", "2\n0 0\n9 1\n5 5\n4 0\n", "2 1\n", ("1 2",), ("-1",)),
    Instance(
        "arc181_c",
        "2\n1 2\n2 1\n",
        "10\n11\n",
        ("00\n10\n",),
        ("11\n10", "00\n01", "0\n10", "00\n10\n00", "02\n10", "10", "11\n11"),
    ),
    Instance(
        "arc183_d",
        PATH_OF_6,
        "1 6\n2 5\n3 4\n",
        ("6 1 5 2 4 3",),
        ("1 2\n3 6\n4 5", "1 6\n2 5", "1 6\n2 5\n3 4\n3 4", "2 5\n1 6\n3 4", "1 1\n2 5\n3 4", "1 6\n1 6\n3 4", "7 1"),
    ),
    Instance("arc183_d", "4\n1 2\n3 4\n1 3\n", "2 4\n1 3\n", ("4 2\n3 1",), ("2 1\n4 3", "1 3\n2 4")),
    Instance(
        "arc185_c",
        "5 6\n1 2 3 2 2\n",
        "1 2 3\n",
        ("2 4 5", "1 3 4", "1\n3\n5"),
        ("1 2 4", "3 2 1", "2 2 4", "1 2", "-1", "1 2 3 4", "0 1 2"),
    ),
    Instance("arc185_c", "3 1\n1 1 1\n", "-1\n", ("-1",), ("1 2 3", "")),
    Instance("abc396_e", "2 1\n1 2 3\n", "0 3\n", ("3 0", "1 2", "2\n1"), ("4 7", "0 2", "0", "0 3 0", "-1 -2", "-1")),
    Instance("abc396_e", "1 1\n1 1 5\n", "-1\n", ("-1",), ("0",)),
    Instance("abc397_d", "721\n", "9 2\n", ("16 15",), ("9 3", "2 9", "-1", "9", "9 2 2", "-15 -16")),
    Instance("abc397_d", "1\n", "-1\n", ("-1",), ("1 1", "2 1")),
    Instance("abc398_f", "ABA\n", "ABA\n", ("ABA\n\n",), ("ABABA", "ABAABA", "AB", "aba", "ABA ABA", "")),
    Instance(
        "arc190_a",
        "3 3\n1 2\n2 3\n2 2\n",
        "2\n1 1 0\n",
        ("2\n1 0 2", "2 0 1 2"),
        ("3\n1 1 1", "2\n2 1 0", "2\n1 0 1", "1\n1 1 0", "2\n1 1", "2\n1 1 0 0", "2\n1 3 0", "-1"),
    ),
    Instance("arc190_a", "2 1\n1 1\n", "-1\n", ("-1",), ("1\n1", "1\n2")),
    Instance(
        "arc191_c",
        "3\n1\n2\n6\n",
        "1 1\n2 3\n3 7\n",
        ("5 4\n3 4\n5 7", "5 2 8 9 5 9"),
        (
            "2 3\n2 3\n3 7",
            "1 1\n1 1\n3 7",
            "1 1\n2 3\n6 7",
            "1 1\n2 3",
            "1 1\n2 3\n3 7\n1 1",
            "0 1\n2 3\n3 7",
            "1 1\n2 4\n3 7",
            "1 1\n2 3\n3 1000000000000000001",
        ),
    ),
)

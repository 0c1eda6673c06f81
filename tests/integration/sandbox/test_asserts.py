"""Mode `asserts` in real children: honest programs pass whatever they return, cheats and limits do not."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from farm.errors import DatasetError
from farm.judging.open import open_sandbox
from farm.records import Asserts, JudgeSpec, Limits, Suite, TestCase, Verdict
from farm.sandbox.api import Evaluation, Sandbox

LIMITS = Limits(cpu_s=2.0, wall_s=6.0, memory_bytes=256 << 20)
PATIENT = LIMITS.model_copy(update={"wall_s": 100.0})  # on a busy host too, CPU time decides
SECRET = "the expected value 8842"


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with open_sandbox() as opened:
        yield opened


def suite(
    *tests: str,
    calls: tuple[str, ...] = ("f",),
    setup: str = "",
    prompt: str = "",
    classes: str = "",
    solution: str = "",
) -> Suite:
    cases = tuple(TestCase(input=test, output="") for test in tests)
    asserts = Asserts(calls=calls, setup=setup, prompt=prompt, classes=classes, solution=solution)
    return Suite(func_name=None, tests=cases, asserts=asserts)


def judged(
    sandbox: Sandbox, program: str, tests: Suite, stop: str = "first_failure", limits: Limits = LIMITS
) -> Evaluation:
    judge = JudgeSpec.model_validate({"mode": "asserts", "stop": stop})
    return sandbox.evaluate(program, tests, judge, limits)


PASSING = [
    ("def f(x): return x + 1", "assert f(1) == 2"),
    ("f = lambda *a, **k: (a, k)", "assert f(1, b=[2]) == ((1,), {'b': [2]})"),
    ("def f(x): x.sort()", "l = [3, 1]; assert f(l) is None; assert l == [1, 3]"),
    ("def f(d): d['a'].append(1)", "d = {'a': []}; a = d['a']; f(d); assert a == [1] and d == {'a': [1]}"),
    ("def f(x):\n  x.append(1)\n  raise KeyError", "l = []\ntry: f(l)\nexcept KeyError: pass\nassert l == [1]"),
    ("def f(x): return x is True", "assert f(True) is True; assert f(1) is False"),
    ("def f(): return {1, 2}", "assert f() == {2, 1}; assert f() | {3} == {1, 2, 3}"),
    ("def f(): return map(str, range(3000))", "assert list(f()) == [str(n) for n in range(3000)]"),
    (
        "import itertools\ndef f(): return itertools.count(5)",
        "g = f(); assert [next(g), next(g), next(g)] == [5, 6, 7]",
    ),
    (
        "def f():\n  yield 1\n  raise ValueError('x')",
        "g = f(); assert next(g) == 1\ntry: next(g); assert 0\nexcept ValueError as e: assert str(e) == 'x'",
    ),
    ("def f(n): return zip(range(n), 'ab')", "assert dict(f(2)) == {0: 'a', 1: 'b'}"),
    ("def f(): return {'a': 1}.keys()", "assert f() == {'a'}; assert sorted(f()) == ['a']"),
    ("def f(): return 1j ** 2", "assert abs(f() + 1) < 1e-9"),
    (
        "def f(x): raise ValueError('bad')",
        "try: f(1); ok = False\nexcept ValueError as e: ok = str(e) == 'bad'\nassert ok",
    ),
    (
        "class E(KeyError): pass\ndef f(): raise E('k')",
        "try: f()\nexcept LookupError: pass\nelse: raise AssertionError",
    ),
    ("import re\ndef f(s): return re.match('a', s)", "assert f('a'); assert not f('b')"),
    ("def f(t, x): return t(x)", "assert f(int, '5') == 5"),
    ("def f(g): return list(g)", "assert f(n for n in range(3)) == [0, 1, 2]"),
    ("n = 0\ndef f():\n  global n; n += 1; return n", "assert (f(), f()) == (1, 2)"),
    ("from dataclasses import dataclass\n@dataclass\nclass P:\n  x: 'int'\ndef f(): return P(3)", "assert f().x == 3"),
    ("def f(a): return lambda b: a + b", "assert f(1)(2) == 3"),
    ("print('noise')\ndef f(): print('noise' * 1000); return 1", "assert f() == 1"),
    ("if __name__ == '__main__': 1 / 0\ndef f(): return 1", "assert f() == 1"),
    ("import threading\nthreading.Thread(target=threading.Event().wait, daemon=True).start()\ndef f(): pass", "f()"),
    ("def f(): return '\\ud800'", "assert f() == chr(0xd800)"),
    ("def f(n): return 1 if n == 0 else n * f(n - 1)", "assert f(900) // f(899) == 900"),
    ("def f(): return float('nan'), float('inf')", "a, b = f(); assert a != a and b == float('inf')"),
]


@pytest.mark.parametrize(("program", "test"), PASSING)
def test_honest_programs_pass(sandbox: Sandbox, program: str, test: str) -> None:
    evaluation = judged(sandbox, program, suite(test))
    assert evaluation.verdict is Verdict.PASSED, evaluation.detail


def test_objects_of_the_program_can_be_built_and_passed_back(sandbox: Sandbox) -> None:
    program = (
        "class Node:\n  def __init__(self, v): self.v = v; self.next = None\n"
        "def total(n): return 0 if n is None else n.v + total(n.next)\n"
    )
    setup = "head = Node(1)\nhead.next = Node(2)\nhead.next.next = Node(3)"
    tests = suite("assert total(head) == 6", "assert head.next.v == 2", calls=("Node", "total"), setup=setup)
    assert judged(sandbox, program, tests).verdict is Verdict.PASSED
    missing = judged(sandbox, "def total(n): return 6", tests)
    assert (missing.verdict, missing.first_failure) == (Verdict.RUNTIME_ERROR, 0)
    assert "'Node' is not defined" in missing.detail


def test_the_prompts_functions_are_known_to_the_tests_and_its_stub_is_not(sandbox: Sandbox) -> None:
    prompt = "def double(x):\n    return 2 * x\n\n\ndef f(x):\n    '''Halves.'''\n"
    assert (
        judged(sandbox, "def f(x): return x / 2", suite("assert f(double(3)) == 3", prompt=prompt)).verdict == "PASSED"
    )
    assert judged(sandbox, "def f(x): return x", suite("assert f(double(3)) == 3", prompt=prompt)).verdict != "PASSED"


def test_tests_draw_the_same_cases_each_time(sandbox: Sandbox) -> None:
    """A program that remembers nothing cannot tell runs apart; here the test fails by the value that it drew."""
    tests = suite("import random; assert f(random.random()) == 0")
    details = {judged(sandbox, "def f(x): raise ValueError(x)", tests).detail for _ in range(2)}
    assert len(details) == 1


FAILING = [
    ("def f(x): return x", "assert f(1) == 2", Verdict.WRONG_ANSWER),
    ("def f(x): return None", "assert abs(f(1) - 2) < 1", Verdict.WRONG_ANSWER),
    ("def f(x): return 1 / 0", "assert f(1) == 2", Verdict.RUNTIME_ERROR),
    ("def f(x): assert False", "assert f(1) == 2", Verdict.RUNTIME_ERROR),
    ("def f(x): return x, math.pi", "assert f(1) == 2", Verdict.RUNTIME_ERROR),  # no names are given for free
    ("def g(x): return 2", "assert f(1) == 2", Verdict.RUNTIME_ERROR),
    ("def f(x): return f(x)", "assert f(1) == 2", Verdict.RUNTIME_ERROR),
    ("def f(x: return", "assert f(1) == 2", Verdict.SYNTAX_ERROR),
    ("import no_such_module\ndef f(x): return 2", "assert f(1) == 2", Verdict.RUNTIME_ERROR),
    ("def f(x):\n  while True: pass", "assert f(1) == 2", Verdict.TIME_LIMIT),
    ("while True: pass", "assert f(1) == 2", Verdict.TIME_LIMIT),
    ("def f(x):\n  import time; time.sleep(60)", "assert f(1) == 2", Verdict.TIME_LIMIT),
    ("def f(x):\n  l = []\n  while True: l.append(bytes(1 << 20))", "assert f(1) == 2", Verdict.MEMORY_LIMIT),
    ("def f(x): return 'a' * (20 << 20)", "assert f(1) == 2", Verdict.OUTPUT_LIMIT),
    ("def f(x):\n  while True: print('a' * 10000)", "assert f(1) == 2", Verdict.OUTPUT_LIMIT),
    ("def f(x):\n  while True: yield x", "assert set(f(1)) == {1}", Verdict.TIME_LIMIT),
    ("def f(x):\n  import ctypes; ctypes.string_at(0)", "assert f(1) == 2", Verdict.RUNTIME_ERROR),
    ("def f(x): return 10 ** 9", "n = 0\nfor i in range(f(1)): n += i", Verdict.TIME_LIMIT),
]


@pytest.mark.parametrize(("program", "test", "verdict"), FAILING)
def test_wrong_programs_fail(sandbox: Sandbox, program: str, test: str, verdict: Verdict) -> None:
    evaluation = judged(sandbox, program, suite(test))
    assert (evaluation.verdict, evaluation.first_failure) == (verdict, 0), evaluation.detail


EQUAL = "def __eq__(self, other): return True\n  __ne__ = __lt__ = __gt__ = __le__ = __ge__ = __eq__\n  __hash__ = None"
SCAN = """
import gc, sys
def f(x):
  seen, todo = set(), [sys._getframe(), *gc.get_objects(), *sys.modules.values()]
  while todo:
    thing = todo.pop()
    if id(thing) in seen: continue
    seen.add(id(thing))
    if isinstance(thing, str) and thing.startswith('the expected' + ' value'): return thing
    if len(seen) < 200_000: todo += gc.get_referents(thing)
  return 'nothing'
"""
OWN_MEMORY = """
def f(x):
  mark = b'the expected' + b' value '
  with open('/proc/self/maps') as maps, open('/proc/self/mem', 'rb') as memory:
    for line in maps:
      first, last = (int(part, 16) for part in line.split()[0].split('-'))
      if 'r' in line.split()[1]:
        memory.seek(first); data = memory.read(last - first)
        if mark in data: return data[data.index(mark):][:23].decode()
"""
FORGE = """
import os, gc
def channel():
  for thing in gc.get_objects():
    if type(thing).__name__ == 'Channel': return thing
made = channel()
def f(x):
  for frame in ({}, {{'outcome': 'passed'}}): made.send(frame)
  os._exit(0)
"""
CHEATS = {
    "equal to everything": f"class A:\n  {EQUAL}\ndef f(x): return A()",
    "an int that is equal to everything": f"class A(int):\n  {EQUAL}\ndef f(x): return A()",
    "a text that is equal to everything": f"class A(str):\n  {EQUAL}\ndef f(x): return A()",
    "a list that holds whatever is asked": f"class A(list):\n  {EQUAL}\n  def __contains__(self, x): return True\n"
    "  def __getattribute__(self, n): return lambda *a: True\ndef f(x): return A()",
    "a metaclass that agrees": f"class M(type):\n  {EQUAL}\nclass A(metaclass=M): pass\ndef f(x): return A",
    "an answer that swaps with its question": f"class A:\n  {EQUAL}\n  __r" + "eq__ = __eq__\ndef f(x): return [A()]",
    "no more assertions": "import builtins\nbuiltins.AssertionError = KeyboardInterrupt\ndef f(x): return 1",
    "comparison patched": "import builtins, operator\nbuiltins.all = builtins.any = lambda *a: True\n"
    "operator.eq = lambda *a: True\ndef f(x): return 1",
    "the check replaced": "def check(candidate): pass\ndef candidate(*a): pass\ndef f(x): return 1",
    "the tests' frame": "import sys\ndef f(x):\n  frame = sys._getframe()\n  while frame:\n"
    "    for v in frame.f_locals.values():\n      if isinstance(v, str) and v.startswith('the exp'): return v\n"
    "    frame = frame.f_back",
    "a search of all objects": SCAN,
    "a search of its own memory": OWN_MEMORY,
    "exit with zero": "import os\ndef f(x): os._exit(0)",
    "exit while loading": "import os\nos._exit(0)",
    "system exit": "import sys\ndef f(x): sys.exit(0)",
    "system exit while loading": "raise SystemExit(0)",
    "an assertion that succeeds": "def f(x): raise AssertionError",
    "end of the tests' input": "def f(x): raise StopIteration",
    "generator exit": "def f(x): raise GeneratorExit",
    "an interrupt": "def f(x): raise KeyboardInterrupt",
    "forged outcome": FORGE.format("{'value': None, 'changed': []}"),
    "forged objects": FORGE.format("{'value': {'x': [0, 'str', True, False]}, 'changed': []}"),
    "forged truth": FORGE.format("{'value': {'x': [0, {'s': '41'}, 1, []]}, 'changed': []}"),
    "forged argument": FORGE.format("{'value': None, 'changed': [[0, 'the expected value 8842'], [-9, {}]]}"),
    "forged exception": FORGE.format("{'raised': ['SystemExit', '0'], 'changed': []}"),
    "forged class": FORGE.format("{'value': {'T': 'object'}, 'changed': []}"),
    "forged nonsense": FORGE.format("{'value': {'q': [5]}, 'changed': 7}"),
    "own frames on the result pipe": "import os\ndef f(x):\n  os.write(3, bytes(1000)); return 1",
    "result pipe closed": "import os\ndef f(x): os.closerange(3, 10)",
    "input pipe read": "import os\ndef f(x):\n  os.set_blocking(4, False)\n"
    "  try: os.read(4, 1 << 20)\n  except OSError: pass\n  return 1",
    "signals to all": "import os, signal\nfor n in range(1, 400):\n"
    "  try: os.kill(n, signal.SIGKILL)\n  except OSError: pass\ndef f(x): return 1",
    "patched harness": "import sys, json\njson.loads = json.dumps = lambda *a, **k: SECRET\n"
    "sys._getframe().f_back.f_globals.update(_loads=lambda p: 1 / 0, encode=lambda *a: 1 / 0)\ndef f(x): return 1",
    "truth of a lie": "class A:\n  def __bool__(self): return True\ndef f(x): return A()",
}


@pytest.mark.parametrize("cheat", CHEATS)
def test_cheats_fail_and_the_next_program_passes(sandbox: Sandbox, cheat: str) -> None:
    tests = suite(f"assert f([1]) == {SECRET!r}", f"assert {SECRET!r} == f([2])")
    evaluation = judged(sandbox, CHEATS[cheat], tests, stop="all")
    assert evaluation.verdict not in (Verdict.PASSED, Verdict.NO_CODE), evaluation.detail
    assert all(case.verdict is not Verdict.PASSED for case in evaluation.cases)
    assert judged(sandbox, f"def f(x): return {SECRET!r}", tests).verdict is Verdict.PASSED


def test_the_memory_search_finds_what_is_there(sandbox: Sandbox) -> None:
    """The control of the cheat above: in a process that has the value, the search finds it."""
    planted = SCAN + f"\nplanted = {SECRET!r}\n"
    assert judged(sandbox, planted, suite(f"assert f([1]) == {SECRET!r}")).verdict is Verdict.PASSED


BAD_TESTS = {
    "no Python": suite("assert f("),
    "an unknown name before the first answer": suite("assert unknown == f(1)"),
    "a module that is not there": suite("import no_such_module; f(1)"),
    "setup that fails": suite("f(1)", setup="1 / 0"),
    "an argument that cannot be sent": suite("f(lambda: 1)"),
    "an endless test": suite("while True: pass"),
    "a test that ends its process": suite("import os; os._exit(0)"),
    "a prompt that is no Python": suite("f(1)", prompt="def ("),
}


@pytest.mark.parametrize("bad", BAD_TESTS)
def test_tests_that_fail_by_themselves_are_no_verdict(sandbox: Sandbox, bad: str) -> None:
    with pytest.raises(DatasetError, match="tests of this problem"):
        judged(sandbox, "def f(x): return 1", BAD_TESTS[bad], limits=PATIENT)


def test_a_judge_of_other_tests_is_refused(sandbox: Sandbox) -> None:
    with pytest.raises(DatasetError, match="not for judge mode lcb"):
        sandbox.evaluate("", suite("f()"), JudgeSpec(mode="lcb"), LIMITS)
    plain = Suite(func_name=None, tests=(TestCase(input="", output=""),))
    with pytest.raises(DatasetError, match="not for judge mode asserts"):
        sandbox.evaluate("", plain, JudgeSpec(mode="asserts"), LIMITS)


# --- objects of classes that the tests define ---------------------------------------------------

NODE = """
class Node:
    def __init__(self, val=0, next=None):
        self.val = val
        self.next = next
def chain(values):
    first = None
    for value in reversed(values):
        first = Node(value, first)
    return first
def items(node):
    found = []
    while node:
        found.append(node.val)
        node = node.next
    return found
"""
NODE_CLASS = NODE.partition("def chain")[0]
REVERSE = """
def f(head):
    last = None
    while head:
        head.next, last, head = last, head, head.next
    return last
"""
OWN_NODE = "class Node:\n    def __init__(self, val=0, next=None):\n        self.val, self.next = val, next\n"


@pytest.mark.parametrize(
    ("program", "test"),
    [
        (REVERSE, "assert items(f(chain([1, 2, 3]))) == [3, 2, 1]"),
        (OWN_NODE + REVERSE, "assert items(f(chain([1, 2, 3]))) == [3, 2, 1]"),
        (
            REVERSE,
            "head = chain([1, 2, 3]); last = head.next.next; assert f(head) is last; assert items(last) == [3, 2, 1]",
        ),
        (REVERSE, "assert f(None) is None; assert items(f(chain(range(5000)))) == list(range(4999, -1, -1))"),
        (
            "def f(head):\n  while head:\n    head.val *= 2\n    head = head.next",
            "h = chain([1, 2]); f(h); assert items(h) == [2, 4]",
        ),
        ("def f(head):\n  dummy = Node(0, head)\n  return dummy", "assert items(f(chain([1]))) == [0, 1]"),
        ("def f(n): return Node(n, Node(n + 1))", "r = f(1); assert type(r) is Node and items(r) == [1, 2]"),
        (
            "def f(a, b): return a is b, a == b",
            "h = chain([1]); assert f(h, h) == (True, True); assert f(h, chain([1])) == (False, False)",
        ),
        (
            "def f(head):\n  head.next = head\n  return head",
            "h = f(Node(7)); assert h.next is h and h.next.next.val == 7",
        ),
        (
            "def f(nodes): return {'a': nodes[::-1]}",
            "a, b = Node(1), Node(2); r = f([a, b]); assert r['a'][0] is b and r['a'][1] is a",
        ),
        (
            "def f(head):\n  head.extra = (1, 'x')\n  del head.val\n  return head",
            "h = f(Node(7)); assert h.extra == (1, 'x') and not hasattr(h, 'val')",
        ),
        (
            "def f(head):\n  head.val = 9\n  raise ValueError",
            "h = Node(1)\ntry: f(h)\nexcept ValueError: pass\nassert h.val == 9",
        ),
        ("def f(head):\n  yield head\n  yield head.next", "h = chain([1, 2]); assert [n.val for n in f(h)] == [1, 2]"),
    ],
)
def test_objects_of_the_tests_cross(sandbox: Sandbox, program: str, test: str) -> None:
    result = judged(sandbox, program, suite(test, setup=NODE, classes=NODE_CLASS), limits=PATIENT)
    assert result.verdict is Verdict.PASSED, result


@pytest.mark.parametrize(
    "program",
    [
        REVERSE.replace("return last", "return head"),
        "def f(head): return head",
        "class Node:\n  def __eq__(self, other): return True\ndef f(head): return Node()",
        "class Any(list):\n  def __eq__(self, other): return True\ndef f(head): return Any()",
        "def f(head):\n  head.next.next.next = head\n  raise MemoryError",
        "class Node:\n  def __new__(cls, *a): return 10 ** 60_000\ndef f(head): return Node()",
        "def f(head):\n  head.__class__ = int\n  return head",
        "class Node:\n  __slots__ = ()\ndef f(head): return head",
        "class Node(int): pass\ndef f(head): return Node(3)",
    ],
)
def test_wrong_objects_fail(sandbox: Sandbox, program: str) -> None:
    tests = suite("assert items(f(chain([1, 2, 3]))) == [3, 2, 1]", setup=NODE, classes=NODE_CLASS)
    result = judged(sandbox, program, tests, limits=PATIENT)
    assert result.verdict in (Verdict.WRONG_ANSWER, Verdict.RUNTIME_ERROR, Verdict.MEMORY_LIMIT, Verdict.TIME_LIMIT), (
        result
    )


def test_slots_and_classes_that_build_on_others_cross(sandbox: Sandbox) -> None:
    classes = """
class Base:
    __slots__ = ("left",)
class Tree(Base):
    __slots__ = ("right", "__weakref__")
class Leaf(Tree):
    pass
"""
    test = "t, l = Tree(), Leaf(); t.left, t.right, l.v = l, None, 1\nassert f(t) is l and l.right is t and l.v == 2"
    program = "def f(t):\n  t.left.right = t\n  t.left.v += 1\n  return t.left"
    assert judged(sandbox, program, suite(test, setup=classes, classes=classes)).verdict is Verdict.PASSED


# --- whose fault an error of the tests is -------------------------------------------------------

GOOD = "def f(x): return x + 1"


@pytest.mark.parametrize(
    ("program", "test"),
    [
        ("def f(x): return 'raise SyntaxError'", "exec(str(f(1))); assert f(1) == 2"),
        ("def f(x): return 'undefined_name'", "assert eval(str(f(1))) == 2"),
        ("def f(x): return '1 +'", "assert eval(str(f(1))) == 2"),
        ("def f(x): return 'no_such_module'", "__import__(f(1) if type(f(1)) is str else 'math'); assert f(1) == 2"),
        ("def f(x): return 10 ** 60_000", "assert f(f(1)) == 3"),
        ("def f(x): return 10 ** 60_000", "assert str(f(1)) == '2'"),
        ("def f(x): return 10 ** 45_000", "assert str(f(1)) == '2'"),
        ("def f(x): return x", "import os\nif f(1) == 1: os._exit(3)\nassert f(1) == 2"),
        ("def f(x): return print", "assert f(f(1)) == 3"),
        ("class A:\n  __call__ = None\ndef f(x): return A()", "assert f(1)(2) == 3"),
    ],
)
def test_an_error_of_the_tests_after_an_answer_is_the_program_s(sandbox: Sandbox, program: str, test: str) -> None:
    for solution in ("", GOOD):
        result = judged(sandbox, program, suite(test, solution=solution), limits=PATIENT)
        assert result.verdict in (Verdict.WRONG_ANSWER, Verdict.RUNTIME_ERROR), result


def test_tests_that_fail_the_dataset_s_own_solution_are_at_fault(sandbox: Sandbox) -> None:
    for test in ("assert f(1) == undefined_name", "f(1); import no_such_module", "f(1); f(lambda: 0)"):
        for program in (GOOD, "def f(x): return 7"):
            with pytest.raises(DatasetError, match="fail its own solution, too"):
                judged(sandbox, program, suite(test, solution=GOOD), limits=PATIENT)


def test_a_wrong_assertion_is_never_asked_about(sandbox: Sandbox) -> None:
    result = judged(sandbox, "def f(x): return 7", suite("assert f(1) == 2", solution="def f(x): return 7"))
    assert result.verdict is Verdict.WRONG_ANSWER

#: number = 2
#: denied = "process, pool, executor"
import multiprocessing
from concurrent.futures import ProcessPoolExecutor


def process():
    child = multiprocessing.Process(target=print, args=("ran in a child",))
    child.start()
    child.join()


def executor():
    with ProcessPoolExecutor(1) as pool:
        return pool.submit(abs, -1).result()


attempt("process", process, *READONLY)
attempt("pool", lambda: multiprocessing.Pool(1).map(abs, [-1]), *READONLY)
attempt("executor", executor, *READONLY)

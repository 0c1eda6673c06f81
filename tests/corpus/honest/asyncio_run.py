#: input = "1 2 3\n"
#: output = "12\n"
import asyncio


async def double(n):
    await asyncio.sleep(0)
    return 2 * n


async def main():
    print(sum(await asyncio.gather(*(double(int(n)) for n in input().split()))))


asyncio.run(main())

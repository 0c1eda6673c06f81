#: output = "9\n"
import asyncio


async def main():
    print(await asyncio.to_thread(pow, 3, 2))


asyncio.run(main())

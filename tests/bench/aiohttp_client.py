"""The same client on aiohttp: one session, or a session for each call.

Called as the others are, `CLIENT CASE concurrent IN_FLIGHT MILLISECONDS`, and prints what they print:
`CALLS NANOSECONDS PROCESSOR_NANOSECONDS PEAK_KIBIBYTES`.
"""

import asyncio
import resource
import sys
import time

import aiohttp

URL = "http://127.0.0.1:18640/users/{}"


async def user(session, number):
    async with session.get(URL.format(number)) as response:
        response.raise_for_status()
        return await response.json()


async def user_with_a_session(_, number):
    async with aiohttp.ClientSession() as session:
        return await user(session, number)


async def calls(call, session, in_flight, more):
    begun = done = 0

    async def worker():
        nonlocal begun, done
        while more(begun):
            begun += 1
            found = await call(session, begun)
            assert found["name"] == "Ada Lovelace", found
            done += 1

    await asyncio.gather(*(worker() for _ in range(in_flight)))
    return done


async def main(client, case, plan, in_flight, milliseconds):
    assert (case, plan) == ("success", "concurrent")
    call = {"aiohttp": user, "aiohttp-fresh": user_with_a_session}[client]
    in_flight = int(in_flight)
    # As many connections as there are requests in flight, as with the other clients.
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector) as session:
        await calls(call, session, in_flight, lambda begun: begun < 4 * in_flight)
        processor = time.process_time_ns()
        start = time.perf_counter_ns()
        end = start + int(milliseconds) * 1_000_000
        done = await calls(call, session, in_flight, lambda _: time.perf_counter_ns() < end)
        wall = time.perf_counter_ns() - start
        processor = time.process_time_ns() - processor
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(done, wall, processor, peak)


asyncio.run(main(*sys.argv[1:]))

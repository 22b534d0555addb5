import asyncio, sys
from pathlib import Path
from tests.fakes.testhide_client import a_testhide
from tests.fakes.stage import Stage, texts
from bot.cards import plain
from bot.command import Services
from bot.handler import Handler
from adapters.cli import *  # noqa
async def main():
    async with a_testhide(Path('/tmp/tt')) as (server, service):
        job = server.add_job("Regression Suite", tests=["tests/test_auth.py::test_token_refresh","tests/test_pay.py::T::test_refund[eur]","c"], flaky=["c"])
        for n in range(12):
            server.add_build(job, age=20000-n*60, failing=["c"] if n%3==0 else [])
        b = server.add_build(job, age=300, failing=["tests/test_auth.py::test_token_refresh","tests/test_pay.py::T::test_refund[eur]"])
        from tests.unit.commands.door import Door, told
        class S:  # wrap
            connection="demo"; platform=service.platform
        door = Door(service=S())
        async def say(w, **k):
            r = await door.say(w, **k)
            print("=== ", w); print(told(r.card)); print([b.text for b in r.card.buttons], [b.text for i in r.card.items for b in i.buttons][:8]); return r
        await say(f"failing {b}")
        await say(f"debug {b}")
        r = await say("ask why only there?")
        await say(f"classify {b} test=1 product_bug defect=AUTH-1 https://j.example/AUTH-1 note=x")
        r = await say(f"quarantine {b} test=1 reason=flaky")
        await say(r.card.buttons[0].command)
        r = await say(f"quarantine {b} test=1 remove=yes")
        await say(r.card.buttons[0].command)
        r = await say(f"rerun {b} failed=yes")
        await say(r.card.buttons[0].command)
        r = await say(f"rerun {b} flaky=yes")
        await say(r.card.buttons[0].command)
        await say("flaky Regression Suite")
        server.set_manners(ai=False)
        await say("flaky"); await say("ask hi"); await say(f"debug {b}")
        run = server.add_build(job, status="running", age=10)
        r = await say(f"cancel {run}")
        await say(r.card.buttons[0].command)
        print(server.violations())
asyncio.run(main())

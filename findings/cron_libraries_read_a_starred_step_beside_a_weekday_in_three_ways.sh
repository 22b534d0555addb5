#!/usr/bin/env bash
# cronsim 2.8, croniter 7.0.0 and APScheduler 3.11.3 (`CronTrigger.from_crontab`), all given one crontab line: 0 4 */2 * 1
#
# Expected: the days of crontab(5). A day of the month and a day of the week are alternatives only where neither field
# contains a star; "*/2" does, so both have to match: Mondays on odd days.
# Seen: three different days and no error. cronsim reads it so. croniter takes the step for a restriction, so either field is
# enough. APScheduler always wants both, and its weekday 1 is Tuesday.
# Output seen: cronsim: Mon 09 Nov 2026, croniter: Sun 01 Nov 2026, apscheduler: Tue 03 Nov 2026
#
# Where it concerns us: schedules have an evaluation of their own, held to a table of such lines (bot/cron.py).
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check cronsim==2.8 croniter==7.0.0 apscheduler==3.11.3

"$folder/venv/bin/python" - <<'PYTHON'
from datetime import datetime, timezone

from apscheduler.triggers.cron import CronTrigger
from croniter import croniter
from cronsim import CronSim

LINE = "0 4 */2 * 1"
START = datetime(2026, 11, 1, tzinfo=timezone.utc)

found = {
    "cronsim": next(CronSim(LINE, START)),
    "croniter": croniter(LINE, START).get_next(datetime),
    "apscheduler": CronTrigger.from_crontab(LINE, timezone=timezone.utc).get_next_fire_time(None, START),
}
for name, day in found.items():
    print(f"{name}: {day:%a %d %b %Y}")
assert {name: (day.day, f"{day:%a}") for name, day in found.items()} == {
    "cronsim": (9, "Mon"),
    "croniter": (1, "Sun"),
    "apscheduler": (3, "Tue"),
}
PYTHON

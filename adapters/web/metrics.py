"""Metrics in Prometheus' form; no ids and no addresses are labels."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from adapters.web.health import Health
from bot.state import OutboxDepth


class Metrics(Collector):
    """Reads the figures when they are asked for. `depth` and `unknown_launches` are None while the database does not answer."""

    def __init__(self, health: Health) -> None:
        self._health = health
        self.depth: OutboxDepth | None = None
        self.unknown_launches: int | None = None

    def collect(self) -> Iterator[Metric]:
        """Yield every metric."""
        yield self._info()
        yield GaugeMetricFamily(
            "clew_ready", "Whether work is being done, as /readyz says", float(self._is_ready())
        )
        yield self._outbox()
        yield self._oldest()
        yield self._launches()
        yield GaugeMetricFamily(
            "clew_replicas", "Programs that run on the database", len(self._health.programs())
        )
        yield self._duties()
        yield self._polls()
        yield self._connected()
        yield GaugeMetricFamily(
            "clew_loop_tick_age_seconds", "Time since the event loop last ran", self._health.tick_age
        )
        yield CounterMetricFamily(
            "clew_scheduler_misses", "Scheduled ticks that ran late or not at all", self._health.misses()
        )
        yield self._deliveries()

    def _is_ready(self) -> bool:
        return self.depth is not None and not self._health.problems()

    def _info(self) -> Metric:
        metric = GaugeMetricFamily("clew_info", "What runs", labels=["version"])
        metric.add_metric([self._health.version], 1.0)
        return metric

    def _duties(self) -> Metric:
        metric = GaugeMetricFamily(
            "clew_duties",
            "What one program does at a time: held by this one, and held by none",
            labels=["state"],
        )
        held = (len(program.duties) for program in self._health.programs() if program.here)
        metric.add_metric(["held"], sum(held))
        metric.add_metric(["free"], len(self._health.free()))
        return metric

    def _launches(self) -> Metric:
        metric = GaugeMetricFamily(
            "clew_launches_unknown", "Launches and other costly actions whose outcome is not known"
        )
        if self.unknown_launches is not None:
            metric.add_metric([], self.unknown_launches)
        return metric

    def _outbox(self) -> Metric:
        metric = GaugeMetricFamily("clew_outbox_messages", "Messages by state", labels=["state"])
        if self.depth is not None:
            metric.add_metric(["waiting"], self.depth.waiting)
            metric.add_metric(["unknown"], self.depth.unknown)
            metric.add_metric(["dead"], self.depth.dead)
        return metric

    def _oldest(self) -> Metric:
        metric = GaugeMetricFamily("clew_outbox_oldest_seconds", "Age of the oldest waiting message")
        if self.depth is not None:
            oldest, now = self.depth.oldest, self._health.clock.now()
            metric.add_metric([], max(0.0, (now - oldest).total_seconds()) if oldest else 0.0)
        return metric

    def _polls(self) -> Metric:
        metric = GaugeMetricFamily(
            "clew_poll_age_seconds",
            "Time since the last successful poll by any replica, or since one was due",
            labels=["connection"],
        )
        for name, polled in self._health.look().polls.items():
            metric.add_metric([name], polled.age)
        return metric

    def _connected(self) -> Metric:
        metric = GaugeMetricFamily("clew_chat_connected", "Whether the chat is connected", labels=["chat"])
        for name, up in self._health.chats().items():
            metric.add_metric([name], float(up))
        return metric

    def _deliveries(self) -> Metric:
        metric = CounterMetricFamily("clew_deliveries", "Deliveries by result", labels=["chat", "result"])
        for chat, counts in self._health.deliveries().items():
            for result, number in counts.items():
                metric.add_metric([chat, result], number)
        return metric

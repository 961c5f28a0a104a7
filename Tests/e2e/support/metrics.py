"""What a server counts, read by Prometheus' own parser."""

import urllib.request

from prometheus_client.parser import text_string_to_metric_families

from .bounds import BOUND, until


class Metrics:
    """One scrape."""

    def __init__(self, text):
        self.text = text
        self.families = {family.name: family for family in text_string_to_metric_families(text)}
        self.samples = {}
        for family in self.families.values():
            for sample in family.samples:
                key = sample.name, frozenset(sample.labels.items())
                assert key not in self.samples, f"twice: {key}"
                self.samples[key] = sample.value

    def value(self, name, **labels):
        """A sample's value; 0 where there is none yet."""
        return self.samples.get((name, frozenset(labels.items())), 0)

    def of(self, name):
        """All of one name: a dictionary by the values of their labels."""
        return {
            tuple(value for _, value in sorted(labels)): value
            for (sample, labels), value in self.samples.items() if sample == name
        }

    def total(self, name):
        return sum(self.of(name).values())


def request(server, method="GET", headers=None):
    asked = urllib.request.Request(server.url + "/metrics", method=method, headers=headers or {})
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    return opener.open(asked, timeout=BOUND)


def scrape(server):
    with request(server) as response:
        assert response.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
        return Metrics(response.read().decode())


async def scraped(server, condition, what):
    """The first scrape for which a condition holds."""

    def look():
        metrics = scrape(server)
        return metrics if condition(metrics) else None

    return await until(look, what)

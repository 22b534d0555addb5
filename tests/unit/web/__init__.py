"""Health pages: what probes and dashboards are told."""

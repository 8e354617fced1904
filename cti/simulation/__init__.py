"""A simulated hotline: synthetic callers and agents around the real `queues.routing.Router`. See docs/simulation.md."""

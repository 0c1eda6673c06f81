"""Pages for operators: Flower for the queues, and an exporter of metrics from ledger and Redis. Both only read."""

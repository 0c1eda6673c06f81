"""What operators look at: Flower over the queues, and an exporter of metrics over ledger and Redis. Both only read."""

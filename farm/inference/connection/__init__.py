"""The connection to a model server: addresses, TLS, pooled HTTP under a guard, the events of a stream."""

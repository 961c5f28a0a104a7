"""What the end-to-end tests stand on: processes, the fake provider's log, a client of the protocol."""

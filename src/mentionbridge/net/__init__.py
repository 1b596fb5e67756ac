"""All HTTP that leaves this process."""

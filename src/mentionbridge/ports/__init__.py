"""What the heart asks of the world."""

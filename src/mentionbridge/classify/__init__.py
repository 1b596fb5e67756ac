"""Judgement: is this mention a complaint, about what, how bad, and why."""

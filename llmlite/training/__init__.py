"""Losses, optimizers, schedules and the loop that uses them."""

"""Measures of a model: losses against the floor, verdicts on samples."""

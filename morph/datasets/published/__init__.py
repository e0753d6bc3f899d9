"""Published data sets and their label formats."""

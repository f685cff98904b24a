"""The benchmark harness: problems, worlds, observing systems, training, running and the command line."""

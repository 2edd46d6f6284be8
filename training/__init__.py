"""Training, evaluation and benchmarks; never imported by the add-on."""

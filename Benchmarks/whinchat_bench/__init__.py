"""What the benchmarks are made of; run.py runs them."""

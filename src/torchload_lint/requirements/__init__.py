"""WHICH TORCH MAY THE PROJECT RUN ON? What its own files state → a range of release lines."""

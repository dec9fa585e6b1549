"""Documents that people write, read with the place of each problem: YAML, and the shapes that they must have."""

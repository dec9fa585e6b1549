"""What a run of the directory would do to whom, and when it must ask first: standard library only."""

"""The Sync Agent: people come from a directory, get a home by the assignment mode, and are set aside when they go."""

"""Many clusters: peers, doubled people, moves between clusters, balance over all of them."""

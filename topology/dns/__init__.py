"""The DNS records by which clients find the servers of a cluster, and whether a name server has them."""

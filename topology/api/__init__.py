"""What the HTTP API of every room shares: tokens, errors, rights, paging, and answers that are given once."""

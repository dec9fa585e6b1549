"""Lists of users: what they show, in which order, page by page."""

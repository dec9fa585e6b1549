"""The version of the product; pyproject.toml and the newest heading of CHANGELOG.md say the same, a test holds them."""

VERSION = "0.1.0"

"""Each kind of destination, as the extension reaches it."""

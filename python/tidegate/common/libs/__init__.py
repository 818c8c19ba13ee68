"""What the package makes of other packages' objects."""

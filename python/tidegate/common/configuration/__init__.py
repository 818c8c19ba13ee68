"""Configuration: values from the environment and from TOML files, injected into functions."""

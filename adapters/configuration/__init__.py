"""Where settings come from: the environment, `.env`, secret files and the TOML file."""

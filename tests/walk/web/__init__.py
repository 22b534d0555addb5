"""The operator's page: from the settings and the database to what a person sees in a browser."""

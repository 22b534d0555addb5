"""The database: tables, migrations, one method per port method."""

"""The database: address, engine, tables and records."""

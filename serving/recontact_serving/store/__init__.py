"""What a server remembers: its tables, in SQLite or PostgreSQL."""

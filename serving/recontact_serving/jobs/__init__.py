"""Jobs: files of comments that are classified while nobody waits at the line."""

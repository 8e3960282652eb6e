"""Reports for people: self-contained HTML files, and the figures of a model card."""

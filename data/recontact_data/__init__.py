"""What flows in and out: taxonomy, comment files, labels, splits, languages, errors."""

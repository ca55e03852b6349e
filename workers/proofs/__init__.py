"""What `flask audit` proves, by noun: each proof is one statement that returns the rows which break it."""

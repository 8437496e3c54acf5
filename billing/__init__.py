"""What organizations use: metered usage, statements, and whom to send them to."""

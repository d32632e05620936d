"""What server and browser share: messages, their fields, and error codes."""

"""What both ends of the wire know: messages, their fields, error codes."""

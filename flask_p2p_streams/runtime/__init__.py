"""What the process and the web server that run the app are like."""

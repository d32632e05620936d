"""The process that runs the app, and the web server that runs the process."""

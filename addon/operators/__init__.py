"""What the user can press: each operator gathers input, calls core and reports."""

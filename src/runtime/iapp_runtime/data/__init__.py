"""Reading and writing tables in other forms than the service's own."""

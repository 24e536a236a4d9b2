"""What results were made from, and whether they still are what a build from scratch would make."""

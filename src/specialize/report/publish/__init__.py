"""A scored checkpoint as a folder for the Hugging Face Hub."""

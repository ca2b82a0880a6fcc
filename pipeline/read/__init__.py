"""Read: bytes become one neutral document of paragraphs and tables, whatever the format."""

"""The public site: Datasette with our pages, templates and one style sheet."""

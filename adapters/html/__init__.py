"""Pages of HTML: one base template, one style sheet, and the headers that keep a page to itself."""

"""The page that every benchmark writes: self-contained HTML with plots and tables, light and dark."""

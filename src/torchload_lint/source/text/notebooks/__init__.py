"""What stands in the cells of this notebook? Their code as one text, with places that lead back."""

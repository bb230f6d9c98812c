"""The pictures of the roleplay guide: an evening that is really played, and pages that show it."""

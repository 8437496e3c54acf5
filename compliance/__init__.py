"""Evidence of one organization: facts from every part, what they show, and handing them out."""

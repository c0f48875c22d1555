"""What the product stands on: licences, bill of materials, known flaws; and its own packages."""

"""The supervisors' pages: HTML over the same functions as the API, no second logic, no SQL."""

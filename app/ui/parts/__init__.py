"""Parts of pages: a form, a job's progress, a forecast, a question's history."""

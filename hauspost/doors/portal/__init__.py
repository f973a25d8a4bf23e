"""Pages for employees: a new request, my tickets."""

"""What gunicorn keeps to, whatever its command line says: it reads this file by itself where it is started."""

# All that it can read, and that nginx passes on: what is longer than this gets gunicorn's own bare page.
limit_request_line = 8190

"""What gunicorn keeps to, whatever its command line says: it reads this file by itself where it is started."""

import gc

# All that it can read, and that nginx passes on: what is longer than this gets gunicorn's own bare page.
limit_request_line = 8190


def post_worker_init(worker: object) -> None:
    """What is loaded by now stays: collecting garbage need not look through it, which would halt all requests."""
    gc.collect()
    gc.freeze()

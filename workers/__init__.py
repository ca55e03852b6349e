"""What happens after a page was answered: the relay, the queues, the schedule and the table of reactions.

Leans on every context's services; nothing below imports it. RQ is the wake-up, the outbox rows are
the queue of record, so every process here may die at any moment.
"""

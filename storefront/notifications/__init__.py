"""What the shop tells people: one function per message, a delivery log, the mail transport.

Leans on orders and accounts. A message is sent once per reason, however often it is asked for.
"""

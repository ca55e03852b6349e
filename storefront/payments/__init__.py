"""Money coming in: payments, what providers said, one port with a gateway per provider.

Leans on foundation alone and knows orders by id. Speaks PaymentCaptured, PaymentFailed.
"""

"""What was bought: orders with their own snapshot, their states, fulfillments and history.

Leans on inventory and the contexts below for numbers only: an order keeps its own words and
prices. Speaks OrderPlaced, OrderCanceled, OrderFulfilled, OrderExpired.
"""

"""What a shopper means to buy: carts and their lines, merged at sign-in, priced purely.

Leans on catalog, inventory and taxes. The rows are the truth; nothing of a cart lives only in Redis.
"""

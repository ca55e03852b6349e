"""Who someone is: customers, staff members and their addresses; signing in and out.

Leans on foundation alone. Speaks CustomerRegistered, RegistrationRepeated and PasswordChanged.
"""

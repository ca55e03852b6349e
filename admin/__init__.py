"""The staff panel: what people of the shop see and change, without ever needing a shell.

Leans on every context's services and queries; owns no tables. Flask-Admin gives the views, the
menu and the tables; the pages are our own, so they obey the shop's Content-Security-Policy.
"""

from admin.panel import install_admin

__all__ = ["install_admin"]

"""ledgers and histories are append-only

Revision 5c1e0a7d92b4, after 448ead2e804b. Triggers refuse to change or delete what was written.
"""

from alembic import op

revision = '5c1e0a7d92b4'
down_revision = '448ead2e804b'
branch_labels = None
depends_on = None

TABLES = ("catalog_price_change", "inventory_stock_movement", "payments_ledger_transfer",
          "payments_gift_card_entry", "orders_order_transition", "orders_return_transition")


def upgrade() -> None:
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    if not is_sqlite:
        op.execute("CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS "
                   "$$ BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END $$")
    for table in TABLES:
        if is_sqlite:
            for deed in ("UPDATE", "DELETE"):
                op.execute(f"CREATE TRIGGER {table}_{deed.lower()} BEFORE {deed} ON {table} "
                           f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END")
        else:
            op.execute(f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table} "
                       "FOR EACH ROW EXECUTE FUNCTION refuse_change()")


def downgrade() -> None:
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    for table in TABLES:
        if is_sqlite:
            for deed in ("update", "delete"):
                op.execute(f"DROP TRIGGER {table}_{deed}")
        else:
            op.execute(f"DROP TRIGGER {table}_append_only ON {table}")
    if not is_sqlite:
        op.execute("DROP FUNCTION refuse_change()")

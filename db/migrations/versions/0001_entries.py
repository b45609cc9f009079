"""The journal of entries, append-only by trigger."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the journal and the triggers that keep its rows as they were written."""
    sqlite = op.get_bind().dialect.name == "sqlite"
    op.create_table(
        "entries",
        sa.Column("position", sa.Integer() if sqlite else sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("key", sa.String(64), nullable=False),
        sa.Column("record_id", sa.String(20), nullable=False),
        sa.Column("question_id", sa.String(20), nullable=False),
        sa.Column("member", sa.String(200), nullable=False),
        sa.Column("run_id", sa.String(40), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("chain", sa.String(64), nullable=False),
    )
    op.create_index("ux_entries_kind_key", "entries", ["kind", "key"], unique=True)
    op.create_index("ix_entries_kind_question", "entries", ["kind", "question_id"])
    op.create_index("ix_entries_run", "entries", ["run_id"])
    if sqlite:
        for verb in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER entries_no_{verb.lower()} BEFORE {verb} ON entries "
                "BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END"
            )
        return
    op.execute(
        "CREATE FUNCTION entries_append_only() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'the ledger is append-only'; END $$"
    )
    op.execute(
        "CREATE TRIGGER entries_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON entries "
        "EXECUTE FUNCTION entries_append_only()"
    )

"""The index of the journal: its questions, answers and runs in columns, filled from what is recorded.

The tables are derived, and `db.ledger.index` knows only their newest form: a migration that changes them drops and
fills them again, and takes the filling out of the one before. All of it is one transaction, on either database: when it
is broken off, the ledger is as it was.
"""

import sqlalchemy as sa
from alembic import op

from db.ledger.index import backfill

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables and fill them."""
    row_id = sa.Integer() if op.get_bind().dialect.name == "sqlite" else sa.BigInteger()
    op.create_index("ix_entries_kind_position", "entries", ["kind", "position"])
    op.drop_index("ix_entries_run", "entries")
    op.create_index("ix_entries_run_kind", "entries", ["run_id", "kind", "position"])
    op.create_table(
        "question_index",
        sa.Column("id", sa.String(20), primary_key=True),
        sa.Column("position", row_id, nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("source_id", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("search_text", sa.Text(), nullable=False),
        sa.Column("tags", sa.Text(), nullable=False),
        sa.Column("subject", sa.String(3), nullable=False),
        sa.Column("object", sa.String(3), nullable=False),
        sa.Column("first_day", sa.String(10), nullable=False),
        sa.Column("open_at", sa.BigInteger(), nullable=False),
        sa.Column("resolve_by", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("outcome_number", sa.Double(), nullable=True),
        sa.Column("known_at", sa.BigInteger(), nullable=True),
        sa.Column("first_known_at", sa.BigInteger(), nullable=True),
        sa.Column("resolved_at", sa.BigInteger(), nullable=True),
        sa.Column("n_forecasts", sa.Integer(), nullable=False),
        sa.Column("probability", sa.Double(), nullable=True),
        sa.Column("last_forecast_at", sa.BigInteger(), nullable=True),
    )
    op.create_table(
        "answer_index",
        sa.Column("position", row_id, primary_key=True, autoincrement=False),
        sa.Column("record_id", sa.String(20), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("question_id", sa.String(20), nullable=False),
        sa.Column("member", sa.Text(), nullable=False),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("as_of", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("value_kind", sa.String(20), nullable=False),
        sa.Column("probability", sa.Double(), nullable=True),
        sa.Column("cost_usd", sa.Double(), nullable=True),
        sa.Column("tokens", sa.BigInteger(), nullable=False),
        sa.Column("latency_s", sa.Double(), nullable=False),
        sa.Column("run_id", sa.String(40), nullable=False),
        sa.Column("rests_on", sa.Text(), nullable=False),
    )
    op.create_table(
        "run_index",
        sa.Column("run_id", sa.String(40), primary_key=True),
        sa.Column("position", row_id, nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("n_questions", sa.Integer(), nullable=False),
        sa.Column("n_forecasts", sa.Integer(), nullable=False),
        sa.Column("n_aggregates", sa.Integer(), nullable=False),
        sa.Column("n_failures", sa.Integer(), nullable=False),
        sa.Column("members", sa.Text(), nullable=False),
        sa.Column("cost_usd", sa.Double(), nullable=False),
        sa.Column("n_unpriced", sa.Integer(), nullable=False),
    )
    op.create_table(
        "kind_counts",
        sa.Column("kind", sa.String(16), primary_key=True),
        sa.Column("n", sa.BigInteger(), nullable=False),
    )
    op.create_index("ix_answer_index_question", "answer_index", ["question_id", "member"])  # which filling looks up
    backfill(op.get_bind())
    op.create_index("ux_question_index_position", "question_index", ["position"], unique=True)
    op.create_index("ix_question_index_state", "question_index", ["state", "position"])
    op.create_index("ix_question_index_source", "question_index", ["source", "position"])
    op.create_index("ix_answer_index_member", "answer_index", ["member", "kind", "position"])
    op.create_index("ux_run_index_position", "run_index", ["position"], unique=True)

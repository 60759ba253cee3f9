//! A batch: the rows of a group, by the statement that takes them, in the order in which the statements run.

use std::fmt::Write as _;

use sqlx::{AssertSqlSafe, Sqlite, SqliteConnection, query::Query, sqlite::SqliteArguments};

use crate::{
    error::StorageError,
    writer::{
        rows::Rows,
        statement::{Statement, Value},
        targets::{TARGETS, Target},
    },
};

/// What one transaction writes.
#[derive(Debug, Default)]
pub(crate) struct Batch {
    rows: [Rows; TARGETS.len()],
    /// Single statements, which run after the rows, in order.
    statements: Vec<Statement>,
}

// === impl Batch ===

impl Batch {
    /// The rows for one statement.
    pub(crate) fn rows(&mut self, target: Target) -> &mut Rows {
        #[expect(clippy::indexing_slicing, reason = "the array has one place for each variant")]
        &mut self.rows[target as usize]
    }

    pub(crate) fn statement(&mut self, statement: Statement) {
        self.statements.push(statement);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.statements.is_empty() && self.rows.iter().all(Rows::is_empty)
    }

    /// Writes it all, or nothing: one transaction, sent to the connection's thread as one text.
    pub(crate) async fn commit(self, connection: &mut SqliteConnection) -> Result<(), StorageError> {
        let mut sql = String::from("BEGIN IMMEDIATE;\n");
        let mut binds = Vec::new();
        for (target, rows) in TARGETS.iter().zip(self.rows) {
            if !rows.is_empty() {
                let (blob, json) = rows.finish();
                let _ = writeln!(sql, "{};", target.sql());
                if target.has_blob() {
                    binds.push(Value::Blob(blob));
                }
                binds.push(Value::Text(json));
            }
        }
        for statement in self.statements {
            let _ = writeln!(sql, "{};", statement.sql);
            binds.extend(statement.values);
        }
        sql.push_str("COMMIT");
        let query = binds.into_iter().fold(sqlx::query(AssertSqlSafe(sql)), bind);
        if let Err(error) = query.execute(&mut *connection).await {
            // Some errors have rolled it back already; then there is nothing to roll back, and that is no news.
            let _ = sqlx::query("ROLLBACK").execute(connection).await;
            return Err(error.into());
        }
        Ok(())
    }
}

fn bind<'q>(query: Query<'q, Sqlite, SqliteArguments>, value: Value) -> Query<'q, Sqlite, SqliteArguments> {
    match value {
        Value::Null => query.bind(None::<i64>),
        Value::Int(value) => query.bind(value),
        Value::Text(value) => query.bind(value),
        Value::Blob(value) => query.bind(value),
    }
}

//! The tables, and how an older file gets them.

use rusqlite::{Connection, TransactionBehavior};

use super::fault::Fault;
use crate::error::{Error, ErrorKind};

/// Marks a file as ours (`PRAGMA application_id`): "Hept".
const APPLICATION: i32 = 0x4865_7074;

/// What brings a file from each version (`PRAGMA user_version`) to the next. Never change one that was released: add another.
const MIGRATIONS: &[&str] = &[include_str!("v1.sql")];

/// Refuses a file that is another program's or a newer Heptad's. Changes nothing.
pub(super) fn check(connection: &Connection) -> Result<(), Fault> {
    // One look at the file: between two, another process may have made it ours.
    let snapshot = connection.unchecked_transaction()?;
    version(&snapshot, MIGRATIONS.len()).map(drop)
}

/// Brings the file up to date, in one transaction.
pub(super) fn migrate(connection: &mut Connection) -> Result<(), Fault> {
    apply(connection, MIGRATIONS)
}

fn apply(connection: &mut Connection, migrations: &[&str]) -> Result<(), Fault> {
    let snapshot = connection.transaction()?;
    let current = version(&snapshot, migrations.len())?;
    drop(snapshot);
    if current == migrations.len() {
        return Ok(());
    }
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    // Looked at again: another process may have been faster.
    let current = version(&transaction, migrations.len())?;
    for migration in &migrations[current..] {
        transaction.execute_batch(migration)?;
    }
    transaction.pragma_update(None, "application_id", APPLICATION)?;
    transaction.pragma_update(None, "user_version", migrations.len() as i64)?;
    Ok(transaction.commit()?)
}

/// The version of the file; 0 where it is new. To be called in a transaction.
fn version(connection: &Connection, known: usize) -> Result<usize, Fault> {
    let application: i32 = connection.pragma_query_value(None, "application_id", |row| row.get(0))?;
    let version: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    if application == APPLICATION {
        return match usize::try_from(version) {
            Ok(version) if version <= known => Ok(version),
            _ => Err(Error::new(
                ErrorKind::Unsupported,
                format!(
                    "the file has schema {version}, this build knows up to {known}: open it with the newer Heptad that wrote it"
                ),
            )
            .into()),
        };
    }
    let tables: i64 = connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    if application == 0 && version == 0 && tables == 0 {
        return Ok(0);
    }
    let message =
        "the file is a SQLite database of another program: choose a new file, or one that Heptad made";
    Err(Error::invalid(message).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    const FAKE: [&str; 3] = [
        "CREATE TABLE a (x)",
        "INSERT INTO a VALUES (1); CREATE TABLE b (x)",
        "INSERT INTO b SELECT x + 1 FROM a",
    ];

    #[test]
    fn a_file_gets_exactly_the_migrations_it_lacks() {
        for from in 0..=FAKE.len() {
            let mut connection = Connection::open_in_memory().expect("a database in memory");
            apply(&mut connection, &FAKE[..from]).expect("the older schema");
            for _ in 0..2 {
                apply(&mut connection, &FAKE).expect("the newer schema");
            }
            let rows: Vec<i64> = ["SELECT x FROM a", "SELECT x FROM b"]
                .iter()
                .map(|sql| connection.query_row(sql, [], |row| row.get(0)).expect("one row"))
                .collect();
            assert_eq!(rows, [1, 2], "from version {from}");
        }
    }

    #[test]
    fn a_migration_that_fails_leaves_the_file_as_it_was() {
        let mut connection = Connection::open_in_memory().expect("a database in memory");
        apply(&mut connection, &FAKE[..1]).expect("the older schema");
        apply(&mut connection, &[FAKE[0], FAKE[1], "nonsense"]).expect_err("the migration fails");
        assert_eq!(version(&connection, 9).expect("a version"), 1);
        apply(&mut connection, &FAKE).expect("the file is whole");
    }

    #[test]
    fn a_newer_file_and_a_foreign_file_are_refused() {
        let mut connection = Connection::open_in_memory().expect("a database in memory");
        apply(&mut connection, &FAKE).expect("the newer schema");
        let error = Error::from(apply(&mut connection, &FAKE[..2]).expect_err("it is newer"));
        assert_eq!(error.kind(), ErrorKind::Unsupported);

        let mut foreign = Connection::open_in_memory().expect("a database in memory");
        foreign.execute_batch("CREATE TABLE records (x)").expect("a table");
        let error = Error::from(apply(&mut foreign, &FAKE).expect_err("it is foreign"));
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
    }
}

//! What can go wrong in the engine. One place in the server maps it to HTTP.

use model::FieldError;

pub type Result<T, E = Error> = std::result::Result<T, E>;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The request breaks rules; all that are broken are named.
    #[error("the request is not valid")]
    Invalid(Vec<FieldError>),
    /// It does not exist, or is not this caller's to see: the two look alike.
    #[error("not found")]
    NotFound,
    #[error("wrong e-mail or password")]
    WrongCredentials,
    #[error("not open to this role")]
    Forbidden,
    /// Something else already holds what must be unique, or has changed meanwhile.
    #[error("{0}")]
    Conflict(String),
    /// The edit was made on an earlier version than what stands now.
    #[error("changed meanwhile")]
    Stale,
    /// A secret was guessed wrong too often.
    #[error("too many failed tries; again in {wait} s")]
    TooManyFailures { wait: u32 },
    /// Others are at it already; later it will be done.
    #[error("{0}")]
    Busy(&'static str),
    /// The database is away, busy or full. Nothing was changed; trying again may succeed.
    #[error("the database is not available: {0}")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The database refuses this very row, today and tomorrow.
    #[error("the row cannot be stored: {0}")]
    Unstorable(String),
    /// Another process has taken over what this one held.
    #[error("another process has taken this click log over")]
    Displaced,
    #[error("{0}")]
    Internal(String),
}

impl Error {
    pub fn invalid(field: &str, message: impl ToString) -> Self {
        Self::Invalid(vec![FieldError::new(field, message)])
    }

    pub fn unavailable(reason: &'static str) -> Self {
        Self::Unavailable(reason.into())
    }
}

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        if is_outage(&error) {
            Self::Unavailable(Box::new(error))
        } else if is_refusal(&error) {
            Self::Unstorable(without_values(&error))
        } else {
            Self::Internal(format!("database: {}", without_values(&error)))
        }
    }
}

/// The database's words, without the values that MySQL repeats of what it refuses: they may be anybody's address.
fn without_values(error: &sqlx::Error) -> String {
    let refused = error.as_database_error();
    match refused.and_then(|error| error.try_downcast_ref::<sqlx::mysql::MySqlDatabaseError>()) {
        // Of a statement's form, which holds no values: they are bound.
        Some(refused) if refused.code().is_some_and(|code| code.starts_with("42")) => error.to_string(),
        Some(refused) => {
            let state = refused.code().unwrap_or_default();
            format!("error {} ({state}){}", refused.number(), place(refused.message()))
        }
        None => error.to_string(),
    }
}

/// The end of such as "Duplicate entry 'anna@example.com' for key 'accounts.email'": a value stands before it.
fn place(message: &str) -> &str {
    message.rfind(" for ").map_or("", |at| &message[at..])
}

/// Whether a unique key refused the row.
pub(crate) fn is_taken(error: &sqlx::Error) -> bool {
    error.as_database_error().is_some_and(|error| error.is_unique_violation())
}

/// Whether the data itself breaks a constraint, a type or a length.
fn is_refusal(error: &sqlx::Error) -> bool {
    let Some(error) = error.as_database_error() else { return false };
    let Some(code) = error.code() else { return false };
    if error.try_downcast_ref::<sqlx::mysql::MySqlDatabaseError>().is_some() {
        // SQLSTATE classes: data exception, constraint violation.
        code.starts_with("22") || code.starts_with("23")
    } else {
        // SQLite: too big, constraint, mismatch.
        code.parse::<u32>().is_ok_and(|code| matches!(code & 0xff, 18..=20))
    }
}

/// Whether the same statement may succeed later, unchanged.
fn is_outage(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_)
        | sqlx::Error::Tls(_)
        | sqlx::Error::Protocol(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::WorkerCrashed => true,
        sqlx::Error::Database(error) => {
            if let Some(error) = error.try_downcast_ref::<sqlx::mysql::MySqlDatabaseError>() {
                // Too many connections, shutting down, lock wait, deadlock, disk or table full, read-only.
                matches!(
                    error.number(),
                    3 | 1021 | 1028 | 1030 | 1040 | 1041 | 1053 | 1114 | 1205 | 1213 | 1290 | 1317 | 1836
                )
            } else {
                // SQLite's extended codes carry the primary one in the low byte:
                // busy, locked, out of memory, read-only, interrupted, I/O error, full, cannot open.
                let code = error.code().and_then(|code| code.parse::<u32>().ok());
                code.is_some_and(|code| matches!(code & 0xff, 5 | 6 | 7 | 8 | 9 | 10 | 13 | 14))
            }
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::place;

    #[test]
    fn what_mysql_repeats_of_a_row_is_left_out() {
        for (message, kept) in [
            ("Duplicate entry 'anna@example.com' for key 'accounts.email'", " for key 'accounts.email'"),
            ("Duplicate entry 'x for key y' for key 'links.code'", " for key 'links.code'"),
            ("Incorrect string value: '\\xF0\\x9F' for column `t`.`c` at row 1", " for column `t`.`c` at row 1"),
            ("Out of range value", ""),
        ] {
            assert_eq!(place(message), kept);
        }
    }
}
